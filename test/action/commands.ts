/** Shell commands of recorded agents, read from the shared folder where it is. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isObject } from '../../src/event/name.ts';

const SHARED = new URL('../../../shared/', import.meta.url);

/** False where the recordings are there, else why a test cannot read them. */
export const absent: false | string = existsSync(new URL('datasets/swe-agent', SHARED))
  ? false
  : 'the recorded sessions are not here';

/** Every command as often as it was recorded, in the order of the files. */
export function recordedCommands(): string[] {
  return [...trajectories(), ...captures('captures/'), ...captures('lab/')];
}

/**
 * Of SWE-agent: the `action` of every step, the commands of its shell tool, and the fenced blocks
 * of its answers, in which it gives commands.
 */
function trajectories(): string[] {
  return filesBelow('datasets/swe-agent/').flatMap((file) => {
    const run: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const { trajectory, history } = isObject(run) ? run : {};
    return [trajectory, history].flatMap((steps) =>
      (Array.isArray(steps) ? steps : []).flatMap((step: unknown) => {
        if (!isObject(step)) return [];
        const action = typeof step['action'] === 'string' ? [step['action']] : [];
        const own = step['role'] === 'assistant' ? [step['content']] : [];
        const said = [...own, step['response']].flatMap(fencedIn);
        return [...action, ...commandsIn(step['tool_calls']), ...said];
      }),
    );
  });
}

function fencedIn(text: unknown): string[] {
  if (typeof text !== 'string') return [];
  return [...text.matchAll(/^```(?:bash|sh)?\n(.*?)^```/gms)].map(([, block]) => block ?? '');
}

/** What captured records, and JSON inside of them, hold under `command` or `cmd`; shell scripts. */
function captures(folder: string): string[] {
  return filesBelow(folder).flatMap((file) => {
    const text = readFileSync(file, 'utf8');
    if (file.pathname.endsWith('.sh')) return [text];
    if (!/\.jsonl?$/.test(file.pathname)) return [];
    const lines = file.pathname.endsWith('.jsonl') ? text.split('\n') : [text];
    return lines.flatMap((line) => commandsIn(parsed(line)));
  });
}

function filesBelow(folder: string): URL[] {
  return readdirSync(new URL(folder, SHARED), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => new URL(`file://${entry.parentPath}/${entry.name}`))
    .sort((a, b) => a.pathname.localeCompare(b.pathname));
}

function commandsIn(value: unknown): string[] {
  if (typeof value === 'string') return /^\s*[[{]/.test(value) ? commandsIn(parsed(value)) : [];
  if (Array.isArray(value)) return value.flatMap(commandsIn);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    /^(command|cmd|full_command)$/.test(key) &&
    typeof inner === 'string' &&
    !inner.startsWith('http')
      ? [inner]
      : commandsIn(inner),
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
