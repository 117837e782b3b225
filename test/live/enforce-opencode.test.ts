/** The real OpenCode, held to Claw's decisions by the plugin that `clawctl install` puts there. */
import { suite, test } from 'node:test';
import { proveClosed, proveHeld } from './governed.ts';
import { missing, runtimeNamed } from './runtime.ts';

const opencode = runtimeNamed('opencode');

suite('the real opencode, held', { skip: missing(opencode) }, () => {
  const shell = (command: string) => ({
    tool: 'bash',
    input: { command, description: 'a command' },
  });

  test('runs what is permitted or approved, and nothing else', () => proveHeld(opencode, shell));
  test('runs nothing while Claw is dead, and tells so later', () => proveClosed(opencode, shell));
});
