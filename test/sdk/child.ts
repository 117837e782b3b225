/** An agent's process for tests: records events, says their ids, and ends as it is told to. */
import { writeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { type ConnectOptions, connect } from '../../src/sdk/sdk.ts';

export type Ending =
  /** Nothing more to do. */
  | 'return'
  | 'process.exit'
  | 'throw'
  | 'reject'
  /** Waits for a signal that nothing handles. */
  | 'wait'
  /** Waits for a signal that its own handler answers with exit code 7. */
  | 'handle'
  /** Waits for a signal beside a handler that counts handlers, as signal-exit does. */
  | 'count'
  /** Flushes, says so, and waits. */
  | 'flush';

export type Script = {
  readonly options: ConnectOptions;
  readonly events: number;
  readonly ending: Ending;
};

const { options, events, ending } = JSON.parse(process.argv[2] ?? '') as Script;
const claw = connect({ ...options, onError: () => {} });
const ids = Array.from({ length: events }, (_, n) =>
  claw.record({ type: 'output', session_id: `child-${process.pid}`, content: `words ${n}` }),
);
// Synchronous, so that it is out before any ending.
const say = (words: unknown) => writeSync(1, `${JSON.stringify(words)}\n`);
say(ids);
await end();

async function end(): Promise<void> {
  switch (ending) {
    case 'return':
      return;
    case 'process.exit':
      process.exit(3);
      break;
    case 'throw':
      setImmediate(() => {
        throw new Error('uncaught');
      });
      return;
    case 'reject':
      void Promise.reject(new Error('unhandled'));
      return;
    case 'handle':
      process.on('SIGTERM', () => process.exit(7));
      break;
    case 'count':
      process.on('SIGTERM', function only() {
        if (process.listeners('SIGTERM').length !== 1) return;
        process.off('SIGTERM', only);
        process.kill(process.pid, 'SIGTERM');
      });
      break;
    case 'flush':
      await claw.flush();
      break;
    case 'wait':
      break;
    default:
      ending satisfies never;
  }
  say('ready');
  await wait(600_000);
}
