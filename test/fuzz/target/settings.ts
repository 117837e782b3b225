/** Somebody's settings file, into which hooks go and out of which they come again. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { claudeCodeInstaller } from '../../../src/adapter/claude-code/install.ts';
import { type Target, tried } from '../target.ts';

const OPTIONS = {
  server: 'http://127.0.0.1:4620',
  token: 'claw_t',
  shim: 'clawctl',
  paths: {},
  sources: {},
} as const;
const WORDS = [
  '"hooks":',
  '{}',
  '[]',
  '{',
  '}',
  ',',
  '"env":',
  '"CLAW_TOKEN":',
  '\n',
  '  ',
  '"Stop":',
];

/** What was there before is there again after, byte for byte; installing twice changes nothing. */
export const claudeCodeSettings = (): Target => ({
  name: 'settings',
  seeds: () => [
    '{}',
    '{\n  "hooks": {"Stop": [{"hooks": [{"type": "command"}]}]},\n  "env": {}\n}\n',
    '',
  ],
  words: WORDS,
  made: fc.oneof(
    fc
      .dictionary(fc.constantFrom('hooks', 'env', 'model', 'permissions'), fc.jsonValue())
      .map((value) => JSON.stringify(value, null, 2)),
    fc.array(fc.constantFrom(...WORDS)).map((parts) => parts.join('')),
  ),
  check: (input) => {
    const text = input.toString();
    const { install, uninstall } = claudeCodeInstaller;
    tried(() => uninstall({ settings: text }, {}));
    for (const transport of ['http', 'command'] as const) {
      const options = { ...OPTIONS, transport };
      const installed = tried(() => install({ settings: text }, options));
      if (installed === undefined) continue;
      JSON.parse(installed['settings'] ?? '');
      assert.deepEqual(install(installed, options), installed);
      const bare = uninstall(installed, {})['settings'];
      if (text.trim() !== '' && !text.includes('CLAW_')) assert.equal(bare, text);
    }
  },
  cost: 20,
});
