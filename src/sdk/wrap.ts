/** Wraps a tool so that each call is recorded before and after, and behaves as it did. */
import { types } from 'node:util';
import { Fault } from '../fault/fault.ts';
import type { Call, Fields, Session } from './session.ts';

export type WrapOptions = {
  /** A session's handle, its id, or a function that finds it at each call. */
  readonly session: Session | string | (() => Session | string);
  /** The tool's name; the function's own where absent. */
  readonly name?: string;
  /** Further fields of both facts: `action`, `resources`. */
  readonly fields?: Fields;
};

export type WrapContext = {
  readonly open: (session_id: string) => Session;
  readonly report: (fault: Fault, ids: readonly string[]) => void;
};

/** Any function at all: whatever it takes, `never` can stand for it. */
export type Tool = (this: never, ...args: never[]) => unknown;

/**
 * Throws `usage.invalid` for generator functions and classes: what they do happens later, out of
 * sight. `this`, arguments, the result and what is thrown pass through unchanged. A promise is
 * answered by the promise that follows it, so that a rejection nobody handles stays one; a
 * promise of a subclass, or with fields of its own, is answered as it is. Of a thenable that is
 * no promise the outcome is `unknown`: to look at it could start it.
 */
export function wrapTool<T extends Tool>(tool: T, options: WrapOptions, context: WrapContext): T {
  const name = toolName(tool, options);
  requireTool(tool, name, 'wrapTool');
  const wrapped = function (this: unknown, ...args: unknown[]): unknown {
    const call = begin(context, () =>
      sessionOf(options, context).start(name, only(args), options.fields),
    );
    let result: unknown;
    try {
      result = Reflect.apply(tool, this as never, args as never[]);
    } catch (thrown) {
      call?.error(thrown);
      throw thrown;
    }
    return types.isPromise(result) ? settle(result, call) : answer(result, call);
  };
  for (const key of ['name', 'length'] as const) {
    Object.defineProperty(wrapped, key, { value: tool[key], configurable: true });
  }
  return wrapped as unknown as T;
}

export function toolName(tool: Tool, { name }: Pick<WrapOptions, 'name'>): string {
  return name ?? tool.name;
}

/** `by`: the function that was called with it, for messages. */
export function requireTool(tool: unknown, name: unknown, by: string): void {
  if (typeof tool !== 'function') {
    throw new Fault('usage.invalid', `${by} takes a function.`, { field: 'tool' });
  }
  if (typeof name !== 'string' || name === '') {
    throw new Fault('usage.invalid', 'A function without a name needs the option name.', {
      field: 'name',
    });
  }
  const generator = types.isGeneratorFunction(tool);
  if (!generator && !/^class\b/.test(Function.prototype.toString.call(tool))) return;
  const kind = generator ? 'generator function' : 'class';
  throw new Fault('usage.invalid', `${by} cannot record a ${kind}: ${name.slice(0, 100)}.`, {
    field: 'tool',
    hint: 'Wrap a function that does the work, or record it with session.start().',
  });
}

/** Recording must not break the tool, not even where the session cannot be found. */
function begin({ report }: WrapContext, start: () => Call): Call | undefined {
  try {
    return start();
  } catch (cause) {
    const message = 'A wrapped tool ran unrecorded: its session could not be found.';
    report(new Fault('usage.invalid', message, { field: 'session', cause }), []);
    return undefined;
  }
}

export function sessionOf({ session }: WrapOptions, { open }: WrapContext): Session {
  const found = typeof session === 'function' ? session() : session;
  return typeof found === 'string' ? open(found) : found;
}

/** A tool's one object of arguments is recorded as it is; anything else as a list. */
export function only(args: readonly unknown[]): unknown {
  const [first, ...others] = args;
  const single = others.length === 0 && typeof first === 'object' && first !== null;
  return single && !Array.isArray(first) ? first : args;
}

function settle(result: Promise<unknown>, call: Call | undefined): Promise<unknown> {
  const followed = result.then(
    (value) => {
      call?.success(value);
      return value;
    },
    (reason: unknown) => {
      call?.error(reason);
      throw reason;
    },
  );
  const ordinary = result.constructor === Promise && Reflect.ownKeys(result).length === 0;
  if (ordinary) return followed;
  followed.catch(() => {
    // The caller holds the promise itself and sees this rejection there.
  });
  return result;
}

function answer(result: unknown, call: Call | undefined): unknown {
  if (isThenable(result)) call?.unknown('It answered with a thenable, whose outcome was not seen.');
  else call?.success(result);
  return result;
}

function isThenable(value: unknown): boolean {
  try {
    return (
      ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
      typeof (value as { then?: unknown }).then === 'function'
    );
  } catch {
    return false;
  }
}
