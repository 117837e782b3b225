/** Reads JSON-RPC 2.0 messages of the Model Context Protocol, of which none is trusted. */
import { createHash } from 'node:crypto';
import { isObject } from '../../event/name.ts';

/** Which side sent it: the agent's client, or the server that offers tools. */
export type Side = 'client' | 'server';

export type Fields = Readonly<Record<string, unknown>>;

export type Message =
  | {
      readonly kind: 'request';
      readonly id: unknown;
      readonly method: string;
      readonly params: Fields;
    }
  | { readonly kind: 'notification'; readonly method: string; readonly params: Fields }
  | {
      readonly kind: 'answer';
      readonly id: unknown;
      readonly result: unknown;
      /** As the message has it; undefined where it has none. */
      readonly error: unknown;
    };

/** Characters of an id's JSON text that are kept as they are. */
const ID_CHARS = 128;

/** Undefined for what is no message of JSON-RPC. */
export function messageOf(value: unknown): Message | undefined {
  if (!isObject(value)) return undefined;
  const id = own(value, 'id');
  const method = own(value, 'method');
  const params = fieldsIn(value, 'params');
  if (typeof method === 'string') {
    if (!Object.hasOwn(value, 'id')) return { kind: 'notification', method, params };
    return { kind: 'request', id, method, params };
  }
  const result = own(value, 'result');
  const error = own(value, 'error');
  if (result === undefined && error === undefined) return undefined;
  return { kind: 'answer', id, result, error };
}

/** What tells two ids apart: `4` and `"4"` are different ones; so is any other JSON. */
export function idText(id: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(id) ?? 'undefined';
  } catch {
    text = 'unreadable';
  }
  return text.length <= ID_CHARS ? text : createHash('sha256').update(text).digest('hex');
}

/** An object's own member, so that no prototype answers. */
export function own(fields: Fields, key: string): unknown {
  return Object.hasOwn(fields, key) ? fields[key] : undefined;
}

/** A member that is an object; else an empty one. */
export function fieldsIn(fields: Fields, key: string): Fields {
  const value = own(fields, key);
  return isObject(value) ? value : {};
}
