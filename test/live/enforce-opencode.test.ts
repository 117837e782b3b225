/** The real OpenCode, held to Claw's decisions by the plugin that `clawctl install` puts there. */
import { suite, test } from 'node:test';
import { proveHeld } from './governed.ts';
import { missing, runtimeNamed } from './runtime.ts';

const opencode = runtimeNamed('opencode');

suite('the real opencode, held', { skip: missing(opencode) }, () => {
  test('runs what is permitted or approved, and nothing else, also where Claw is dead', () =>
    proveHeld(opencode, (command) => ({
      tool: 'bash',
      input: { command, description: 'a command' },
    })));
});
