/** `clawctl egress-proxy`: between agents and the network, until it is told to stop. */
import { once } from 'node:events';
import { type EgressCounts, startEgressProxy } from '../../proxy/egress.ts';
import { readRules } from '../../proxy/hosts.ts';
import { openDeciding, tellGate } from '../reach/gate.ts';
import { openRecorder } from '../reach/recorder.ts';
import { type Command, type Context, flag, type Input, option, whole } from './command.ts';
import { GATE_OPTIONS } from './gate-option.ts';

const PORT = 4631;
/** How long connections may go on when the proxy is told to stop, in milliseconds. */
const GRACE_MS = 5000;

export const egressProxy: Command = {
  options: [
    { flags: '--port <port>', about: 'command.option.relayPort' },
    { flags: '--allow <hosts>', about: 'command.option.allow' },
    { flags: '--deny <hosts>', about: 'command.option.deny' },
    { flags: '--deny-private', about: 'command.option.denyPrivate' },
    { flags: '--session <id>', about: 'command.option.session' },
    ...GATE_OPTIONS,
  ],
  examples: [
    'clawctl egress-proxy',
    'HTTPS_PROXY=http://my-session:x@127.0.0.1:4631 node agent.js',
    'clawctl egress-proxy --deny-private --deny "*.example.com"',
    'clawctl egress-proxy --enforce --approval-wait 20',
    'clawctl egress-proxy --allow "api.anthropic.com,*.npmjs.org:443,127.0.0.1"',
  ],
  run: async (context, input) => {
    const stopped = context.interruption();
    const hosts = { allow: listed(input, 'allow'), deny: listed(input, 'deny') };
    const deny = flag(input, 'denyPrivate') ? [...hosts.deny, 'private'] : hosts.deny;
    const rules = readRules({ ...hosts, deny });
    const port = whole(input, 'port', { least: 0, most: 65_535 }) ?? PORT;
    const { gate, close } = await openDeciding(context, input);
    const claw = await openRecorder(context, input);
    const { record } = claw;
    const session_id = option(input, 'session');
    const proxy = await startEgressProxy({ rules, port, record, session_id, gate }).catch(
      async (error: unknown) => {
        close();
        await claw.close();
        throw error;
      },
    );
    greet(context, proxy.url);
    if (!stopped.aborted) await once(stopped, 'abort');
    await proxy.close(GRACE_MS);
    close();
    await claw.close();
    farewell(context, proxy.counts(), claw.status().dropped);
    tellGate(context, gate);
  },
};

function listed(input: Input, name: string): readonly string[] {
  const text = option(input, name) ?? '';
  return text.split(',').filter((part) => part.trim() !== '');
}

function greet({ t, terminal, format }: Context, url: string): void {
  if (format === 'json') {
    terminal.json({ url });
    return;
  }
  const variables = `HTTPS_PROXY=${url} HTTP_PROXY=${url}`;
  terminal.line({ text: t('relay.egress'), style: 'bold' }, ` ${variables}`);
}

function farewell({ t, terminal, format }: Context, counts: EgressCounts, dropped: number): void {
  if (format === 'json') {
    terminal.json({ ...counts, dropped });
    return;
  }
  terminal.note(t('relay.egressClosed', counts));
  if (dropped > 0) terminal.note({ text: t('relay.dropped', { dropped }), style: 'warn' });
}
