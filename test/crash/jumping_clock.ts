/** Preloaded into a server: its clock jumps as `CLOCK_JUMPS` says, the time that passes does not. */

/** From so many milliseconds after the start on, the clock is off by so many milliseconds. */
export type Jump = { readonly after_ms: number; readonly off_ms: number };

const jumps = JSON.parse(process.env['CLOCK_JUMPS'] ?? '[]') as readonly Jump[];
const began = performance.now();
const Real = Date;

function now(): number {
  const passed = performance.now() - began;
  const jump = jumps.findLast(({ after_ms }) => passed >= after_ms);
  return Real.now() + (jump?.off_ms ?? 0);
}

globalThis.Date = new Proxy(Real, {
  construct: (target, args) => Reflect.construct(target, args.length === 0 ? [now()] : args),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
});
