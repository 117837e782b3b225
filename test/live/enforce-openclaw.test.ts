/** The real OpenClaw, held to Claw's decisions by the plugin that `clawctl install` puts there. */
import { suite, test } from 'node:test';
import { proveClosed, proveHeld } from './governed.ts';
import { missing, runtimeNamed } from './runtime.ts';

const openclaw = runtimeNamed('openclaw');

suite('the real openclaw, held', { skip: missing(openclaw) }, () => {
  const shell = (command: string) => ({
    tool: 'exec',
    input: { command, workdir: '@LAB@/proj-claw/' },
  });

  test('runs what is permitted or approved, and nothing else', () => proveHeld(openclaw, shell));
  test('runs nothing while Claw is dead, and tells so later', () => proveClosed(openclaw, shell));
});
