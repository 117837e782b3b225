/** Calls of recorded agents as policies are asked about them, from the shared folder. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe } from '../../src/action/action.ts';
import type { Event } from '../../src/event/event.ts';
import type { PolicyRequest } from '../../src/policy/policy.ts';
import { policyRequest } from '../../src/policy/request.ts';
import { recordedCommands } from '../action/commands.ts';

export { absent } from '../action/commands.ts';

const DATASETS = new URL('../../../shared/datasets/', import.meta.url);
const AT = '2026-11-23T10:00:00.000Z';

export type Recorded = {
  readonly from: 'shell' | 'benign' | 'attacked';
  readonly request: PolicyRequest;
};

/** Commands of coding agents, then tool calls of benign and of attacked runs. */
export function recordedRequests(): readonly Recorded[] {
  const commands = recordedCommands().map(
    (command): Recorded => ({
      from: 'shell',
      request: asked({
        tool: 'Bash',
        arguments: { command },
        agent: { id: 'coder', runtime: 'claude-code' },
        attributes: { cwd: '/work/app' },
      }),
    }),
  );
  return [...commands, ...customerService(), ...agentDojo()];
}

function asked(event: Partial<Event>): PolicyRequest {
  return policyRequest({ session_id: 'recorded', ...describe(event) }, AT);
}

type Message = {
  readonly tool_calls?: readonly {
    readonly function: { readonly name?: string; readonly arguments?: unknown } | string;
    readonly args?: unknown;
  }[];
};

function customerService(): Recorded[] {
  const file = readFileSync(new URL('tau-bench/gpt-4o-airline.json', DATASETS), 'utf8');
  const runs = JSON.parse(file) as readonly { readonly traj: readonly Message[] }[];
  return runs.flatMap(({ traj }) => traj.flatMap((message) => called(message, 'benign')));
}

function agentDojo(): Recorded[] {
  const folder = new URL('agentdojo/', DATASETS);
  const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  return files.flatMap((name) =>
    readFileSync(new URL(name, folder), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .flatMap((line) => {
        const { messages = [], metadata } = JSON.parse(line) as {
          readonly messages?: readonly Message[];
          readonly metadata?: { readonly injection_task_id?: string | null };
        };
        const attacked = typeof metadata?.injection_task_id === 'string';
        return messages.flatMap((message) => called(message, attacked ? 'attacked' : 'benign'));
      }),
  );
}

function called({ tool_calls }: Message, from: Recorded['from']): Recorded[] {
  return (tool_calls ?? []).flatMap((call): Recorded[] => {
    const named = typeof call.function === 'string' ? { name: call.function } : call.function;
    if (named.name === undefined) return [];
    const given = 'arguments' in named ? named.arguments : call.args;
    const args: unknown = typeof given === 'string' ? JSON.parse(given) : given;
    return [{ from, request: asked({ tool: named.name, arguments: args, agent: { id: 'dojo' } }) }];
  });
}
