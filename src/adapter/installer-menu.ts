/** The installers that Claw has: adding one is a file in a runtime's folder and one line here. */
import { claudeCodeInstaller } from './claude-code/install.ts';
import { codexInstaller } from './codex/install.ts';
import { geminiInstaller } from './gemini/install.ts';
import type { Installer } from './installer.ts';
import { openclawInstaller } from './openclaw/install.ts';
import { opencodeInstaller } from './opencode/install.ts';

export const INSTALLERS: readonly Installer[] = [
  claudeCodeInstaller,
  codexInstaller,
  geminiInstaller,
  opencodeInstaller,
  openclawInstaller,
];
