/** Counts what a turn of Codex cost, from the records that come after each response. */
import type { Draft } from '../../event/event.ts';
import { given } from '../record.ts';
import { countIn, type Fields, objectAt } from './row.ts';

export type Meter = {
  /** To be told of every payload; whether it was one about tokens. */
  readonly read: (type: string, payload: Fields) => boolean;
  /** The tokens of the turn that ends now. */
  readonly turn: () => Pick<Draft, 'tokens'>;
};

type Spent = { readonly input: number; readonly output: number };

export function openMeter(): Meter {
  let turn: Spent | undefined;
  let session: Spent = { input: 0, output: 0 };
  let before = session;
  return {
    read: (type, payload) => {
      if (type === 'token_usage_record')
        turn = spent(objectAt(payload, 'turn_token_usage')) ?? turn;
      else if (type !== 'token_count') return false;
      // Of the whole session; repeated with the same numbers now and then.
      const usage = objectAt(objectAt(payload, 'info'), 'total_token_usage');
      session = spent(usage) ?? session;
      return true;
    },
    turn: () => {
      const input = session.input - before.input;
      const output = session.output - before.output;
      const counted = turn ?? (input > 0 || output > 0 ? { input, output } : undefined);
      before = session;
      turn = undefined;
      return given('tokens', counted);
    },
  };
}

function spent(usage: Fields): Spent | undefined {
  const input = countIn(usage, 'input_tokens');
  const output = countIn(usage, 'output_tokens');
  return input === undefined || output === undefined ? undefined : { input, output };
}
