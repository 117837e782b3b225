/** Makes any value JSON-safe and bounded, and names what it could not keep in its place. */

/** Levels below the value itself; the server takes 64 for the whole event. */
const DEPTH = 32;
/** Bytes of a buffer that are kept, as base64. */
const BUFFER_BYTES = 4096;
/** What a value costs beside its text, in characters. */
const OVERHEAD = 4;

type Walk = {
  /** Characters that may still be kept. */
  left: number;
  /** Objects that hold the one in hand, so that a circle is seen. */
  readonly open: Set<object>;
};

/**
 * A copy that JSON can carry, of about `chars` characters at most. Reads no getter and consumes no
 * iterator; what cannot be kept is named in its place: `[Function name]`, `[Circular]`,
 * `[+12 items]`, `{$type: 'Map', …}`. Never throws.
 */
export function safe(value: unknown, chars: number): unknown {
  try {
    return keep(value, { left: chars, open: new Set() });
  } catch {
    return '[Unreadable]';
  }
}

/** What was thrown, as an event's `error`. Never throws. */
export function safeError(thrown: unknown, chars: number): { code?: string; message: string } {
  try {
    if (thrown instanceof Error) {
      const given: unknown = (thrown as { code?: unknown }).code;
      const code = typeof given === 'string' || typeof given === 'number' ? given : thrown.name;
      const message = cut(String(thrown.message), chars);
      return String(code) === '' ? { message } : { code: String(code).slice(0, 100), message };
    }
    if (typeof thrown === 'string') return { message: cut(thrown, chars) };
    return { message: cut(JSON.stringify(safe(thrown, chars)) ?? 'undefined', chars) };
  } catch {
    return { message: '[Unreadable]' };
  }
}

function keep(value: unknown, walk: Walk): unknown {
  walk.left -= OVERHEAD;
  switch (typeof value) {
    case 'string':
      return text(value, walk);
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'bigint':
      return text(`${value}n`, walk);
    case 'function':
      return text(`[Function ${ownName(value) || '(anonymous)'}]`, walk);
    case 'symbol':
      return text(String(value), walk);
    case 'object':
      return value === null ? null : keepObject(value, walk);
    default:
      return value;
  }
}

function keepObject(value: object, walk: Walk): unknown {
  if (walk.open.has(value)) return '[Circular]';
  if (walk.open.size >= DEPTH) return `[Nested deeper than ${DEPTH} levels]`;
  walk.open.add(value);
  try {
    return Array.isArray(value) ? keepList(value, value.length, walk) : keepKind(value, walk);
  } catch (error) {
    return `[Unreadable: ${cut(error instanceof Error ? error.message : 'it threw', 200)}]`;
  } finally {
    walk.open.delete(value);
  }
}

function keepKind(value: object, walk: Walk): unknown {
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  }
  if (value instanceof Error) return keepError(value, walk);
  if (value instanceof Map) {
    return { $type: 'Map', entries: keepList(value.entries(), value.size, walk) };
  }
  if (value instanceof Set) {
    return { $type: 'Set', values: keepList(value.values(), value.size, walk) };
  }
  if (ArrayBuffer.isView(value)) {
    return keepBytes(Buffer.from(value.buffer, value.byteOffset, value.byteLength), walk);
  }
  if (value instanceof ArrayBuffer) return keepBytes(Buffer.from(value), walk);
  if (value instanceof RegExp) return text(String(value), walk);
  const toJSON: unknown = (value as { toJSON?: unknown }).toJSON;
  if (typeof toJSON === 'function') {
    const json: unknown = toJSON.call(value, '');
    if (json !== value) return keep(json, walk);
  }
  const kind = Object.prototype.toString.call(value).slice(8, -1);
  return kind === 'Object' || kind === 'Arguments' ? keepFields(value, walk) : `[${kind}]`;
}

function keepFields(value: object, walk: Walk): unknown {
  const keys = Object.keys(value);
  const fields: [string, unknown][] = [];
  for (const [i, key] of keys.entries()) {
    if (walk.left <= 0) {
      fields.push(['…', `[+${keys.length - i} fields]`]);
      break;
    }
    const own = Object.getOwnPropertyDescriptor(value, key);
    walk.left -= key.length;
    const name = cut(key, Math.max(100, walk.left));
    if (own?.get) fields.push([name, '[Getter]']);
    else if (own?.value !== undefined) fields.push([name, keep(own.value, walk)]);
  }
  // fromEntries defines own properties, so a key named __proto__ is data like any other.
  return Object.fromEntries(fields);
}

function keepList(values: Iterable<unknown>, count: number, walk: Walk): unknown[] {
  const kept: unknown[] = [];
  for (const value of values) {
    if (walk.left <= 0) {
      kept.push(`[+${count - kept.length} items]`);
      break;
    }
    kept.push(keep(value, walk) ?? null);
  }
  return kept;
}

function keepError(error: Error, walk: Walk): unknown {
  const { name, message, cause } = error as Error & { cause?: unknown };
  const code: unknown = (error as { code?: unknown }).code;
  return {
    $type: 'Error',
    name: text(String(name), walk),
    message: text(String(message), walk),
    ...(code === undefined ? {} : { code: keep(code, walk) }),
    ...(cause === undefined ? {} : { cause: keep(cause, walk) }),
  };
}

function keepBytes(bytes: Buffer, walk: Walk): unknown {
  const base64 = bytes.subarray(0, Math.min(BUFFER_BYTES, Math.max(0, walk.left)));
  walk.left -= base64.length;
  return { $type: 'Buffer', size_bytes: bytes.length, base64: base64.toString('base64') };
}

function text(value: string, walk: Walk): string {
  const kept = cut(value, Math.max(0, walk.left));
  walk.left -= kept.length;
  return kept;
}

function cut(value: string, chars: number): string {
  if (value.length <= chars) return value;
  return `${value.slice(0, chars)}[+${value.length - chars} characters]`;
}

function ownName(value: object): string {
  const name: unknown = Object.getOwnPropertyDescriptor(value, 'name')?.value;
  return typeof name === 'string' ? name.slice(0, 100) : '';
}
