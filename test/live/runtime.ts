/** How each real agent is started against the lab's scripted model: settings and command lines. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export type Lab = {
  /** A folder with `home`, `project` and `bin` below it, filled for one run. */
  readonly folder: string;
  readonly home: string;
  readonly project: string;
  /** The scripted model: `http://127.0.0.1:PORT`. */
  readonly model: string;
  /** Where npm installed the agents. */
  readonly npm: string;
  /** Words before the command line of an MCP server, by its name: a proxy in front of it. */
  readonly before?: ((server: string) => readonly string[]) | undefined;
};

export type Runtime = {
  /** As `clawctl install` names it. */
  readonly name: string;
  /** The lab's scripts that exercise its tools, and the folder that they work in. */
  readonly scripts: readonly [string, ...string[]];
  readonly folder: string;
  /** A command line for the program, as `sh` runs it: installed as `bin/NAME`. */
  readonly program: { readonly name: string; readonly line: (npm: string) => string };
  /** Settings before Claw is installed, by path below the home (`~/`) or the project. */
  readonly settings: (lab: Lab) => Readonly<Record<string, string>>;
  readonly args: (prompt: string) => readonly string[];
  readonly env: (lab: Lab) => Readonly<Record<string, string>>;
  /** Calls that its hooks are known not to show (`../shared/research/capture.md`), by tool. */
  readonly unseen: readonly string[];
};

const MODULES = join(import.meta.dirname, '../../node_modules/@modelcontextprotocol');
/** MCP servers of the lab, by name: the command line of each. */
const servers = ({ project, before }: Lab): Readonly<Record<string, readonly string[]>> => {
  const programs = {
    everything: ['node', join(MODULES, 'server-everything/dist/index.js'), 'stdio'],
    fs: ['node', join(MODULES, 'server-filesystem/dist/index.js'), project],
  };
  return Object.fromEntries(
    Object.entries(programs).map(([name, words]) => [name, [...(before?.(name) ?? []), ...words]]),
  );
};
const commands = (lab: Lab) =>
  Object.fromEntries(
    Object.entries(servers(lab)).map(([name, [command, ...args]]) => [name, { command, args }]),
  );

const json = (value: unknown) => JSON.stringify(value, null, 2);

/** Answers a hook that is to block what holds DENYME, and `{}` to everything else. */
const deny = (event: string, answer: object) =>
  `#!/bin/sh\nIN=$(cat)\ncase "$IN" in *DENYME*) case "$IN" in *'"${event}"'*) echo '${JSON.stringify(answer)}'; exit 0;; esac;; esac\necho '{}'\n`;

const claudeCode: Runtime = {
  name: 'claude-code',
  scripts: ['full'],
  folder: 'proj',
  program: {
    name: 'claude',
    line: (npm) => `${npm}/claude/node_modules/@anthropic-ai/claude-code-linux-x64/claude`,
  },
  settings: ({ folder, ...lab }) => ({
    'mcp.json': json({ mcpServers: commands({ folder, ...lab }) }),
    'bin/deny': deny('PreToolUse', {
      hookSpecificOutput: {
        hookEventName: 'PreToolUse',
        permissionDecision: 'deny',
        permissionDecisionReason: 'blocked by audit policy',
      },
    }),
    '~/.claude/settings.json': json({
      hooks: { PreToolUse: [{ hooks: [{ type: 'command', command: join(folder, 'bin/deny') }] }] },
      permissions: {
        allow: [
          'Bash(ls *)',
          'Bash(echo *)',
          'Bash(cat *)',
          'Read',
          'Write',
          'Edit',
          'WebFetch',
          'mcp__fs',
          'mcp__everything',
        ],
      },
    }),
  }),
  args: (prompt) => [
    ...['-p', prompt, '--output-format', 'stream-json', '--verbose'],
    ...['--mcp-config', 'mcp.json'],
  ],
  env: ({ model }) => ({
    ANTHROPIC_BASE_URL: model,
    ANTHROPIC_API_KEY: 'sk-ant-fake-loopback',
    DISABLE_AUTOUPDATER: '1',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  }),
  unseen: [],
};

const codex: Runtime = {
  name: 'codex',
  scripts: ['codex'],
  folder: 'proj-codex',
  program: {
    name: 'codex',
    line: (npm) =>
      `${npm}/codex/node_modules/@openai/codex-linux-x64/vendor/x86_64-unknown-linux-musl/bin/codex`,
  },
  settings: ({ model, ...lab }) => ({
    '~/.codex/config.toml': [
      'model = "gpt-5.5"',
      'model_provider = "fake"',
      'approval_policy = "on-request"',
      '[model_providers.fake]',
      'name = "fake"',
      `base_url = "${model}/v1"`,
      'wire_api = "responses"',
      'env_key = "FAKE_KEY"',
      'supports_websockets = false',
      ...Object.entries(servers({ model, ...lab })).flatMap(([name, [command, ...args]]) => [
        `[mcp_servers.${name}]`,
        `command = "${command}"`,
        `args = ${JSON.stringify(args)}`,
      ]),
      '',
    ].join('\n'),
  }),
  args: (prompt) => [
    ...['exec', '--json', '--skip-git-repo-check'],
    ...['--dangerously-bypass-approvals-and-sandbox', prompt],
  ],
  env: () => ({ FAKE_KEY: 'fake-loopback' }),
  // A name that is no tool, and a plan that this model has no tool for.
  unseen: ['mcp__everything__echo', 'update_plan'],
};

const gemini: Runtime = {
  name: 'gemini',
  scripts: ['gemini'],
  folder: 'proj-gemini',
  program: {
    name: 'gemini',
    line: (npm) => `node ${npm}/gemini/node_modules/@google/gemini-cli/bundle/gemini.js`,
  },
  settings: ({ folder, ...lab }) => ({
    'bin/deny': deny('BeforeTool', { decision: 'deny', reason: 'blocked by audit policy' }),
    '~/.gemini/settings.json': json({
      security: { auth: { selectedType: 'gemini-api-key' }, folderTrust: { enabled: false } },
      general: { enableAutoUpdate: false },
      privacy: { usageStatisticsEnabled: false },
      mcpServers: commands({ folder, ...lab }),
      hooks: {
        BeforeTool: [{ hooks: [{ type: 'command', command: join(folder, 'bin/deny') }] }],
      },
    }),
  }),
  args: (prompt) => [
    ...['-p', prompt, '-m', 'gemini-2.5-flash', '--output-format', 'stream-json'],
    ...['--yolo'],
  ],
  env: ({ model }) => ({ GEMINI_API_KEY: 'fake-loopback', GOOGLE_GEMINI_BASE_URL: model }),
  // Of a file outside the workspace.
  unseen: ['read_file'],
};

const opencode: Runtime = {
  name: 'opencode',
  scripts: ['oc', 'oc2'],
  folder: 'proj-oc',
  program: {
    name: 'opencode',
    line: (npm) => `${npm}/opencode/node_modules/opencode-linux-x64/bin/opencode`,
  },
  settings: ({ model, ...lab }) => ({
    '.opencode/plugins/deny.js': [
      'export const Deny = async () => ({',
      "  'tool.execute.before': async (_, { args }) => {",
      "    if (JSON.stringify(args ?? {}).includes('DENYME')) throw new Error('blocked by policy');",
      '  },',
      '});',
      '',
    ].join('\n'),
    'opencode.json': json({
      model: 'fake/fake-model',
      small_model: 'fake/fake-model',
      autoupdate: false,
      share: 'disabled',
      provider: {
        fake: {
          npm: '@ai-sdk/openai-compatible',
          name: 'Fake',
          options: { baseURL: `${model}/v1`, apiKey: 'fake' },
          models: {
            'fake-model': {
              name: 'Fake',
              tool_call: true,
              limit: { context: 200_000, output: 8000 },
            },
          },
        },
      },
      mcp: Object.fromEntries(
        Object.entries(servers({ model, ...lab })).map(([name, command]) => [
          name,
          { type: 'local', command },
        ]),
      ),
      permission: {
        edit: 'allow',
        bash: { '*': 'allow', 'touch *': 'ask' },
        webfetch: 'allow',
        external_directory: 'deny',
      },
    }),
  }),
  args: (prompt) => ['run', '--format', 'json', prompt],
  env: () => ({
    OPENCODE_DISABLE_AUTOUPDATE: '1',
    OPENCODE_DISABLE_MODELS_FETCH: '1',
    OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
    OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
    // It looks for packages of plugins, and waits for that.
    npm_config_fetch_retries: '0',
  }),
  unseen: [],
};

const openclaw: Runtime = {
  name: 'openclaw',
  scripts: ['claw'],
  folder: 'proj-claw',
  program: {
    name: 'openclaw',
    line: (npm) =>
      `${npm}/node26/node_modules/.bin/node ${npm}/openclaw/node_modules/openclaw/openclaw.mjs`,
  },
  settings: ({ model }) => ({
    '~/.openclaw/openclaw.json': json({
      models: {
        mode: 'replace',
        providers: {
          fake: {
            baseUrl: `${model}/v1`,
            apiKey: 'fake-loopback',
            api: 'openai-completions',
            models: [
              {
                id: 'fake-model',
                name: 'Fake',
                reasoning: false,
                input: ['text'],
                cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
                contextWindow: 128_000,
                maxTokens: 8000,
              },
            ],
          },
        },
      },
      agents: { defaults: { model: { primary: 'fake/fake-model' } } },
    }),
  }),
  args: (prompt) => ['agent', '--local', '--agent', 'main', '--json', '--message', prompt],
  env: () => ({ NODE_DISABLE_COMPILE_CACHE: '1' }),
  unseen: [],
};

export const RUNTIMES: readonly Runtime[] = [claudeCode, codex, gemini, opencode, openclaw];

export function runtimeNamed(name: string): Runtime {
  const found = RUNTIMES.find((runtime) => runtime.name === name);
  if (found) return found;
  throw new TypeError(`There is no ${name} in the lab.`);
}

/** Why a real agent cannot be run here; false where it can. */
export function missing(runtime: Runtime): string | false {
  const npm = process.env['CLAW_LAB_NPM'];
  if (!npm) return 'CLAW_LAB_NPM names no folder of npm installs';
  if (!existsSync(join(import.meta.dirname, '../../../shared/lab'))) return 'no ../shared/lab';
  const folder = runtime.name === 'claude-code' ? 'claude' : runtime.name;
  const installed = existsSync(npm) && readdirSync(npm).includes(folder);
  return installed ? false : `${runtime.name} is not installed in CLAW_LAB_NPM`;
}
