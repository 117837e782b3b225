/** The real OpenClaw, held to Claw's decisions by the plugin that `clawctl install` puts there. */
import { suite, test } from 'node:test';
import { proveHeld } from './governed.ts';
import { missing, runtimeNamed } from './runtime.ts';

const openclaw = runtimeNamed('openclaw');

suite('the real openclaw, held', { skip: missing(openclaw) }, () => {
  test('runs what is permitted or approved, and nothing else, also where Claw is dead', () =>
    proveHeld(openclaw, (command) => ({
      tool: 'exec',
      input: { command, workdir: '@LAB@/proj-claw/' },
    })));
});
