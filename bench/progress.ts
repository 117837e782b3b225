/** Says on standard error how far long work is: one line that moves, or a line now and then. */

export type Progress = {
  readonly at: (done: number) => void;
  readonly stop: () => void;
};

/** How often it is said, in milliseconds: on a terminal, and in a log. */
const EVERY_MS = { terminal: 200, log: 15_000 };

export function openProgress(label: string, total: number): Progress {
  const { stderr } = process;
  const every_ms = stderr.isTTY ? EVERY_MS.terminal : EVERY_MS.log;
  const began = performance.now();
  let said = began;
  return {
    at: (done) => {
      const now = performance.now();
      if (now - said < every_ms) return;
      said = now;
      const per_s = Math.round((done / (now - began)) * 1000);
      const left_s = Math.ceil((total - done) / Math.max(per_s, 1));
      const pace = `${grouped(per_s)}/s, ${grouped(left_s)} s left`;
      const text = `${label}: ${grouped(done)} of ${grouped(total)}, ${pace}`;
      stderr.write(stderr.isTTY ? `\r${text}\x1b[K` : `${text}\n`);
    },
    stop: () => {
      if (stderr.isTTY) stderr.write('\r\x1b[K');
    },
  };
}

/** `1,234,567` */
export function grouped(value: number): string {
  return value.toLocaleString('en');
}
