// Claw: records what OpenClaw's agents do. Made by "clawctl install openclaw"; "clawctl uninstall
// openclaw" takes it out.
// @ts-expect-error OpenClaw itself brings this module.
import { definePluginEntry } from 'openclaw/plugin-sdk/plugin-entry';
import { register } from './recorder.js';

export default definePluginEntry({
  id: 'claw',
  name: 'Claw',
  description:
    'Records what agents do to the flight recorder Claw, and asks it first where told to.',
  register,
});
