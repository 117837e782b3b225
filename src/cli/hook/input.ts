/** What a hook is handed: one record on standard input, and when that was. */

/** Bytes of one record; a longer one is dropped, and the drop is recorded. */
const RECORD_BYTES = 16 * 1024 * 1024;

/** Undefined where the record is longer than the limit, or does not end in time. */
export function readInput(ends_at: number): Promise<Buffer | undefined> {
  const { stdin } = process;
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const done = (result: Buffer | undefined) => {
      clearTimeout(timer);
      stdin.removeAllListeners('data').pause();
      resolve(result);
    };
    const timer = setTimeout(() => done(undefined), Math.max(0, ends_at - performance.now()));
    stdin.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > RECORD_BYTES) done(undefined);
      else chunks.push(chunk);
    });
    stdin.once('end', () => done(Buffer.concat(chunks)));
    stdin.once('error', () => done(undefined));
  });
}

/** Now, RFC 3339 with microseconds: tells records apart that are otherwise equal. */
export function moment(): string {
  const now = performance.timeOrigin + performance.now();
  const micros = String(Math.floor((now % 1) * 1000)).padStart(3, '0');
  return new Date(now).toISOString().replace('Z', `${micros}Z`);
}
