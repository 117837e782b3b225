/** What the annotations of a policy ask for: escalation, constraints, a zone. */
import { zoneFormat } from './circumstance.ts';
import type { Constraints, PolicyInfo, PolicyProblem } from './policy.ts';

type Wrong = Pick<PolicyProblem, 'severity' | 'message' | 'hint'>;
type Annotated = Pick<PolicyInfo, 'escalate' | 'constraints' | 'zone'> & {
  readonly wrong: readonly Wrong[];
};

const KNOWN = ['id', 'reason', 'escalate', 'constraint', 'quorum', 'expires', 'separation', 'zone'];
/** Of a policy's id: it stands in events and in messages. */
const ID = /^[\p{L}\p{N}][\p{L}\p{N} ._:/-]{0,127}$/u;
const QUORUM_MOST = 16;
const EXPIRES_MOST_S = 7 * 86_400;
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

export function annotated(
  effect: PolicyInfo['effect'],
  annotations: Readonly<Record<string, string>>,
): Annotated {
  const wrong: Wrong[] = [];
  const refuse = (message: string, hint: string) =>
    wrong.push({ severity: 'error', message, hint });
  const { id, escalate, constraint, quorum, expires, zone = 'UTC' } = annotations;
  if (id !== undefined && !ID.test(id)) {
    refuse('This @id is no plain name.', 'Use letters, digits and "-", up to 128 of them.');
  }
  if (escalate !== undefined && effect === 'permit') {
    refuse('@escalate stands on a permit.', 'Only a forbid can be lifted by an approval.');
  }
  if (!isZone(zone)) refuse(`@zone("${zone}") is not known.`, 'Write @zone("Europe/Berlin").');
  const votes = quorum === undefined ? undefined : quorumOf(quorum);
  if (Number.isNaN(votes)) {
    refuse(`@quorum("${quorum}") is no number from 1 to ${QUORUM_MOST}.`, 'Write @quorum("2").');
  }
  const seconds = expires === undefined ? undefined : secondsOf(expires);
  if (Number.isNaN(seconds)) {
    refuse(`@expires("${expires}") is no time up to 7d.`, 'Write @expires("10m"): s, m, h or d.');
  }
  const { separation } = annotations;
  if (separation !== undefined && separation !== 'true') {
    refuse('@separation is not "true".', 'Write @separation("true"), or leave it away.');
  }
  wrong.push(...misspelt(annotations));
  const constraints: Constraints = {
    ...(constraint === undefined || constraint === '' ? {} : { conditions: [constraint] }),
    ...(votes === undefined ? {} : { quorum: votes }),
    ...(seconds === undefined ? {} : { expires_s: seconds }),
    ...(separation === 'true' ? { separation: true as const } : {}),
  };
  return {
    constraints,
    zone,
    ...(escalate === undefined ? {} : { escalate: escalate || 'It needs approval.' }),
    wrong,
  };
}

/** The strictest of all. */
export function joined(all: readonly Constraints[]): Constraints | undefined {
  const conditions = [...new Set(all.flatMap((one) => one.conditions ?? []))];
  const quorums = all.flatMap((one) => one.quorum ?? []);
  const times = all.flatMap((one) => one.expires_s ?? []);
  const separate = all.some((one) => one.separation);
  if (conditions.length + quorums.length + times.length === 0 && !separate) return undefined;
  return {
    ...(conditions.length === 0 ? {} : { conditions }),
    ...(quorums.length === 0 ? {} : { quorum: Math.max(...quorums) }),
    ...(times.length === 0 ? {} : { expires_s: Math.min(...times) }),
    ...(separate ? { separation: true as const } : {}),
  };
}

function isZone(zone: string): boolean {
  try {
    zoneFormat(zone);
    return true;
  } catch {
    return false;
  }
}

function quorumOf(text: string): number {
  const votes = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  return votes >= 1 && votes <= QUORUM_MOST ? votes : Number.NaN;
}

function secondsOf(text: string): number {
  const [, count, unit = 's'] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const seconds = Number(count) * (UNITS[unit] ?? Number.NaN);
  return seconds >= 1 && seconds <= EXPIRES_MOST_S ? seconds : Number.NaN;
}

/** Any other annotation is the writer's own, but one that is nearly ours is a mistake. */
function misspelt(annotations: Readonly<Record<string, string>>): Wrong[] {
  return Object.keys(annotations).flatMap((name): Wrong[] => {
    if (KNOWN.includes(name)) return [];
    const meant = KNOWN.find((one) => one.length > 2 && near(name.toLowerCase(), one));
    if (meant === undefined) return [];
    const message = `@${name} does nothing.`;
    return [{ severity: 'error', message, hint: `Write @${meant}.` }];
  });
}

/** One begins with the other but for its end, or they differ in one place. */
function near(a: string, b: string): boolean {
  let same = 0;
  while (same < a.length && a[same] === b[same]) same += 1;
  let end = 0;
  const most = Math.min(a.length, b.length) - same;
  while (end < most && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  return Math.max(a.length, b.length) - same - end <= 1;
}
