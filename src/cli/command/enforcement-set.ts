/** `clawctl enforcement set`: holds agents to decisions, or only observes them. */
import { type Enforcement, MODES } from '../../policy/lifecycle.ts';
import { refuse } from '../problem.ts';
import { type Command, flag, type Input, option } from './command.ts';
import { showEnforcement } from './enforcement-show.ts';

export const enforcementSet: Command = {
  options: [
    { flags: '--mode <mode>', about: 'command.option.heldMode', choices: MODES },
    { flags: '--agent <pattern>', about: 'command.option.enforceAgent' },
    { flags: '--runtime <pattern>', about: 'command.option.enforceRuntime' },
    { flags: '--environment <pattern>', about: 'command.option.enforceEnvironment' },
    { flags: '--remove', about: 'command.option.enforceRemove' },
  ],
  examples: [
    'clawctl enforcement set --mode observe',
    'clawctl enforcement set --agent billing-bot --mode enforce',
    'clawctl enforcement set --runtime claude-code --environment "prod*" --mode enforce',
    'clawctl enforcement set --agent billing-bot --remove',
  ],
  run: async (context, input) => {
    const client = await context.connect();
    const before = await client.get<Enforcement>('/v1/enforcement');
    const after = await client.post<Enforcement>('/v1/enforcement', changed(before, input));
    if (context.format === 'json') return context.terminal.json(after);
    await showEnforcement(context, after);
  },
};

type Line = Enforcement['agents'][number];
type Whom = Omit<Line, 'mode'>;

/**
 * A line for the same agents is replaced where it stands; a new one goes before all others, as it
 * says more than they did. Without agents it is the default.
 */
function changed(settings: Enforcement, input: Input): Enforcement {
  const mode = MODES.find((one) => one === option(input, 'mode'));
  const remove = flag(input, 'remove');
  if (remove === (mode !== undefined)) throw refuse('usage.invalid', 'modeOrRemove');
  const names = ['agent', 'runtime', 'environment'] as const;
  const whom: Whom = Object.fromEntries(
    names.flatMap((name) => {
      const value = option(input, name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const { default: _, ...rest } = settings;
  if (Object.keys(whom).length === 0) return mode === undefined ? rest : { ...rest, default: mode };
  const same = (line: Line) => names.every((name) => line[name] === whom[name]);
  const at = settings.agents.findIndex(same);
  if (mode === undefined) {
    return { ...settings, agents: settings.agents.filter((line) => !same(line)) };
  }
  const line: Line = { ...whom, mode };
  const agents =
    at < 0 ? [line, ...settings.agents] : settings.agents.map((one, i) => (i === at ? line : one));
  return { ...settings, agents };
}
