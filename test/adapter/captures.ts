/** Every file of `../shared/captures` and who reads it: data, and a place to plug in readers. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { adapterNamed } from '../../src/adapter/menu.ts';
import type { Event } from '../../src/event/event.ts';
import { readLines, replay } from './replay.ts';

export const CAPTURES = join(import.meta.dirname, '../../../shared/captures');
export const skip = existsSync(CAPTURES) ? false : '../shared/captures is not here';

/** What became of each line of a capture file: what it tells, or why it tells nothing. */
export type CaptureReader = (path: string) => readonly (readonly Event[] | string)[];

/**
 * By the end of a file's path, which may hold `*` for a folder or a name. A reader makes the
 * file's golden file; words say who reads it, or why it is no input of Claw's.
 */
export const CAPTURED: readonly (readonly [string, CaptureReader | string])[] = [
  ['claude-code-*/*/hooks-command.jsonl', records('claude-code')],
  ['claude-code-*/*/hooks-http.jsonl', records('claude-code')],
  ['codex-*/hooks-command.jsonl', records('codex')],
  ['gemini-cli-*/hooks-command.jsonl', records('gemini')],
  ['opencode-*/plugin-run1-permission-reject.jsonl', records('opencode')],
  ['opencode-*/plugin-run2.jsonl', records('opencode')],
  ['openclaw-*/plugin-hooks-agent-local.jsonl', records('openclaw')],
  ['claude-code-*/*/hook-env.txt', 'the environment of a hook: no record'],
  ['*/stream-json-stdout.jsonl', 'what a run printed: transcripts and hooks tell it'],
  ['claude-code-*/*/stream-json-stdout.jsonl', 'what a run printed: the transcript tells it'],
  ['codex-*/exec-json-stdout.jsonl', 'what a run printed: the rollout tells it'],
  ['opencode-*/run*-stdout.jsonl', 'what a run printed: the plugin tells it'],
  ['openclaw-*/agent-local-stdout.json', 'what a run printed: the plugin tells it'],
  ['codex-*/config.toml', 'settings of the runtime'],
  ['codex-*/hooks.json', 'settings of the runtime'],
  ['gemini-cli-*/settings.json', 'settings of the runtime'],
  ['opencode-*/opencode.json', 'settings of the runtime'],
  ['openclaw-*/openclaw.json', 'settings of the runtime'],
  ['opencode-*/audit.js', 'the plugin that made the capture'],
  ['openclaw-*/audit-plugin/*', 'the plugin that made the capture'],
  ['*/otlp-http-json/*', 'telemetry: read by the OTLP receiver'],
  ['claude-code-*/*/otlp-http-json/*', 'telemetry: read by the OTLP receiver'],
  ['claude-code-*/otlp-http-protobuf/*', 'telemetry: read by the OTLP receiver'],
  ['opencode-*/otlp/*', 'telemetry: read by the OTLP receiver'],
  ['*/model-requests*.jsonl', 'traffic with a model: read by the model proxy'],
  ['claude-code-*/*/model-requests.jsonl', 'traffic with a model: read by the model proxy'],
  ['llm-proxy/claude.jsonl', 'traffic with a model: read by the model proxy'],
  ['mcp/*', 'traffic with MCP servers: read by the MCP proxy'],
  ['claude-code-*/*/transcript/*', 'a transcript: read by the importer'],
  ['claude-code-*/*/transcript/*/subagents/*', 'a transcript: read by the importer'],
  ['codex-*/rollout/*', 'a transcript: read by the importer'],
  ['gemini-cli-*/session/*', 'a transcript: read by the importer'],
  ['ai-sdk-7/telemetry.jsonl', 'what an SDK reports: read by its integration'],
  ['claude-agent-sdk-*/hooks-and-messages.jsonl', 'what an SDK reports: read by its integration'],
  ['langchain-js-*/callbacks.jsonl', 'what an SDK reports: read by its integration'],
  ['openai-agents-js-*/tracing.jsonl', 'what an SDK reports: read by its integration'],
  ['README.md', 'says what the captures are'],
];

/** Paths of all capture files, from the folder of captures on. */
export function captureFiles(): string[] {
  if (skip !== false) return [];
  return readdirSync(CAPTURES, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(CAPTURES.length + 1))
    .sort();
}

export function matches(pattern: string, file: string): boolean {
  const [want, have] = [pattern.split('/'), file.split('/')];
  return (
    want.length === have.length &&
    want.every((part, i) => {
      const [start = '', ...ends] = part.split('*');
      const name = have[i] ?? '';
      return ends.length === 0
        ? name === part
        : name.startsWith(start) && name.endsWith(ends.join('*'));
    })
  );
}

/** The envelope of a capture file is taken off: what remains is what an agent would send. */
export function recordsIn(path: string): readonly unknown[] {
  return readLines(path).map((line) => (line as { body?: unknown }).body ?? line);
}

/** One short line for each line of the file; equal reasons that follow each other are one. */
export function summary(told: ReturnType<CaptureReader>): string[] {
  const lines = told.map((each) =>
    typeof each === 'string' ? [`skipped: ${each}`] : each.map(wordsOf),
  );
  const shown: { from: number; to: number; text: string }[] = [];
  for (const [i, texts] of lines.entries()) {
    for (const text of texts) {
      const last = shown.at(-1);
      if (last?.text === text && last.to === i - 1) last.to = i;
      else shown.push({ from: i, to: i, text });
    }
  }
  return shown.map(({ from, to, text }) => `${from + 1}${to > from ? `-${to + 1}` : ''} ${text}`);
}

/** Compares with a golden file, or writes it where `UPDATE` is set. */
export function golden(name: string, lines: readonly string[]): readonly string[] {
  const path = join(import.meta.dirname, 'golden', `${name}.json`);
  if (process.env['UPDATE']) writeFileSync(path, `${JSON.stringify(lines, null, 1)}\n`);
  return JSON.parse(readFileSync(path, 'utf8'));
}

function records(runtime: string): CaptureReader {
  return (path) => replay(recordsIn(path), adapterNamed(runtime)).told;
}

function wordsOf(event: Event): string {
  const { type, operation, tool, status, call_id, error, decision } = event;
  const words = [type, operation, tool, status, error?.code, decision?.outcome, decision?.by];
  return [...words, call_id?.slice(-8)].filter((word) => word !== undefined).join(' ');
}
