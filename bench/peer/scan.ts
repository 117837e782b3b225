/** grep and jq over JSON lines: what people reach for when there is nothing but a log. */
import { execFile, spawnSync } from 'node:child_process';
import { createReadStream, createWriteStream, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { BODY_EVENTS, type Corpus } from '../corpus/corpus.ts';
import { KINDS, type Kind, type Question, questions } from '../corpus/question.ts';
import { repeated, spread, timed } from '../measure.ts';
import type { Ground } from '../part/part.ts';
import { peerBodies } from './peer.ts';

type Tool = 'grep' | 'jq';

const REPEATS: Readonly<Record<Tool, number>> = { grep: 3, jq: 1 };
const BUDGET_MS = 20_000;
const OUTPUT_BYTES = 64 * 1024 * 1024;
const SEED = 77;

export async function measureScans(ground: Ground): Promise<void> {
  const { corpus, folder } = ground;
  const bodies = peerBodies(corpus);
  const file = bodies === corpus.bodies ? corpus.file : await copy(corpus, folder, bodies);
  const asked = await questions(corpus, { count: REPEATS.grep, seed: SEED, bodies });
  for (const tool of ['grep', 'jq'] as const) {
    if (spawnSync(tool, ['--version']).error) {
      ground.missing(tool, 'search.timeline', `${tool} is not installed`);
      continue;
    }
    for (const kind of KINDS) await measure(ground, { tool, kind, asked: asked[kind], file });
  }
  if (file !== corpus.file) rmSync(file);
}

/** The first events of a corpus, in a file of their own. */
async function copy(corpus: Corpus, folder: string, bodies: number): Promise<string> {
  const file = join(folder, 'peer.jsonl');
  const end = corpus.bytesBefore(bodies) - 1;
  await pipeline(createReadStream(corpus.file, { end }), createWriteStream(file));
  return file;
}

type Scan = {
  readonly tool: Tool;
  readonly kind: Kind;
  readonly asked: readonly Question[];
  readonly file: string;
};

async function measure(ground: Ground, { tool, kind, asked, file }: Scan): Promise<void> {
  const make = (tool === 'grep' ? GREP : JQ)[kind];
  if (!make) return;
  const budget = { times: REPEATS[tool], budget_ms: BUDGET_MS };
  const took = await repeated(budget, (i) => {
    const { script, values } = make(asked[i] as Question);
    const args = ['-c', `${script} | wc -l`, 'sh', file, ...values];
    return timed(() => promisify(execFile)('sh', args, { maxBuffer: OUTPUT_BYTES }));
  });
  const events = Math.min(peerBodies(ground.corpus) * BODY_EVENTS, ground.corpus.count);
  ground.notePeer(tool, `search.${kind}`, { values: { ...spread(took), events } });
}

/** A pipeline of the shell: `$1` is the file, `$2` and so on are the values. */
type Command = { readonly script: string; readonly values: readonly string[] };
type Commands = Readonly<Partial<Record<Kind, (question: Question) => Command>>>;

const tenantLine = (tenant: string) => `"tenant_id":"${tenant}"`;
const NEWEST = 'tail -n 50';

/** Lines of a tenant that hold all of the texts. */
const lines = (tenant: string, texts: readonly string[], end = NEWEST): Command => {
  const filters = texts.map((_, i) => `grep -F -e "$${i + 3}"`);
  const script = ['grep -F -e "$2" "$1"', ...filters, end].join(' | ');
  return { script, values: [tenantLine(tenant), ...texts] };
};

const GREP: Commands = {
  timeline: ({ session }) => ({ script: 'grep -F -e "$2" "$1"', values: [session] }),
  tool_day: ({ tenant, tool, day }) =>
    lines(tenant, [`"tool":"${tool}"`, `"time":"${day.from.slice(0, 10)}`]),
  blocked: ({ tenant }) => lines(tenant, ['"status":"blocked"']),
  rare_words: ({ tenant, rare }) => lines(tenant, rare),
  common_word: ({ tenant, common }) => lines(tenant, [` ${common} `]),
  common_count: ({ tenant, common }) => lines(tenant, [` ${common} `], 'cat'),
  japanese_2: ({ tenant, japanese_2 }) => lines(tenant, [japanese_2]),
  japanese_4: ({ tenant, japanese_4 }) => lines(tenant, [japanese_4]),
  substring: ({ tenant, part }) => lines(tenant, [part]),
  facets: ({ tenant }) => lines(tenant, [], `grep -oE '"tool":"[^"]*"' | sort | uniq -c`),
  histogram: ({ tenant }) => lines(tenant, [], `grep -oE '"time":"[^:]*' | sort | uniq -c`),
};

/** Events that a condition holds for; `$a`, `$b` … in it are the values. */
const select = (condition: string, values: readonly string[], end = NEWEST): Command => {
  const names = values.map((_, i) => `--arg ${'abcd'[i]} "$${i + 2}"`).join(' ');
  return { script: `jq -c ${names} 'select(${condition})' "$1" | ${end}`, values };
};

const OF_TENANT = '.tenant_id == $a';
const TEXT = '[.content, .arguments, .result] | tostring';

const JQ: Commands = {
  timeline: ({ session }) => select('.session_id == $a', [session], 'cat'),
  tool_day: ({ tenant, tool, day }) =>
    select(`${OF_TENANT} and .tool == $b and .time >= $c and .time < $d`, [
      ...[tenant, tool, day.from, day.to],
    ]),
  blocked: ({ tenant }) => select(`${OF_TENANT} and .status == "blocked"`, [tenant]),
  rare_words: ({ tenant, rare }) =>
    select(`${OF_TENANT} and (${TEXT} | contains($b) and contains($c))`, [tenant, ...rare]),
  common_count: ({ tenant, common }) =>
    select(`${OF_TENANT} and (${TEXT} | contains($b))`, [tenant, ` ${common} `], 'cat'),
  japanese_2: ({ tenant, japanese_2 }) =>
    select(`${OF_TENANT} and (${TEXT} | contains($b))`, [tenant, japanese_2]),
  substring: ({ tenant, part }) =>
    select(`${OF_TENANT} and any(.resources[]?; .id | contains($b))`, [tenant, part]),
  facets: ({ tenant }) => select(OF_TENANT, [tenant], 'jq -r .tool | sort | uniq -c'),
};
