/** Claw beside what people use instead: the same events, the same questions, the same run. */
import { FIGURES, type Figure } from '../figure.ts';
import type { Measured, Results } from '../result.ts';
import { millions } from '../show.ts';
import { cell, find, table } from './table.ts';

const PEERS: Readonly<Record<string, string>> = {
  pino: 'pino',
  pino_sync_100: 'pino, fsync each 100',
  pino_sync_1: 'pino, fsync each',
  sqlite: 'SQLite',
  postgres: 'PostgreSQL',
  grep: 'grep',
  jq: 'jq',
  node: 'bare Node',
  disk: 'the disk alone, 5 KB synced',
  direct: 'without the proxy',
  recording: 'the proxy that only records',
};

/** Peers are measured with a million events at most. */
const MOST_EVENTS = 1_000_000;

export function peerSections(all: readonly Results[]): readonly string[] {
  return all.filter(({ figures }) => figures.some(({ peer }) => peer)).map(section);
}

function section(results: Results): string {
  const names = Object.keys(PEERS).filter((peer) =>
    results.figures.some((figure) => figure.peer === peer && figure.values),
  );
  const figures = FIGURES.filter(({ id }) => names.some((peer) => find(results, id, peer)));
  const rows = figures.map((figure) => {
    const own = find(results, figure.id);
    const others = names.map((peer) => beside(figure, own, find(results, figure.id, peer)));
    return [figure.what, cell(figure, own), ...others];
  });
  const fewer =
    results.events > MOST_EVENTS ? ` Peers hold ${millions(MOST_EVENTS)} of these events.` : '';
  const absent = results.figures.filter(({ missing }) => missing !== undefined);
  return `## Beside what people use instead, ${millions(results.events)}
\`2×\`: Claw is twice as good; \`0.5×\`: the other is.${fewer}

${table(['figure', 'Claw', ...names.map((peer) => PEERS[peer] ?? peer)], rows)}
${absent.map(absence).join('')}`.trimEnd();
}

function beside(figure: Figure, own?: Measured, other?: Measured): string {
  const [mine, theirs] = [own?.values?.[figure.main], other?.values?.[figure.main]];
  if (other?.missing !== undefined) return 'failed';
  if (theirs === undefined) return '';
  if (mine === undefined) return cell(figure, other);
  const ratio = figure.better === 'less' ? theirs / mine : mine / theirs;
  return `${cell(figure, other)} · ${Number(ratio.toPrecision(2))}×`;
}

function absence({ peer = '', id, missing = '' }: Measured): string {
  return `\n- ${PEERS[peer] ?? peer}, ${id}: ${missing.split('\n')[0]}`;
}
