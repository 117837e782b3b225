/** `clawctl model-proxy`: between agents and model APIs, until it is told to stop. */
import { once } from 'node:events';
import { type Counts, startModelProxy } from '../../proxy/model.ts';
import { readUpstreams } from '../../proxy/upstream.ts';
import { isLoopback } from '../../server/loopback.ts';
import { openDeciding, tellGate } from '../reach/gate.ts';
import { openRecorder } from '../reach/recorder.ts';
import { type Command, type Context, option, whole } from './command.ts';
import { GATE_OPTIONS } from './gate-option.ts';

const PORT = 4630;
/** How long requests under way may go on when the proxy is told to stop, in milliseconds. */
const GRACE_MS = 10_000;

export const modelProxy: Command = {
  options: [
    { flags: '--port <port>', about: 'command.option.relayPort' },
    { flags: '--host <host>', about: 'command.option.host' },
    { flags: '--anthropic <url>', about: 'command.option.anthropic' },
    { flags: '--openai <url>', about: 'command.option.openai' },
    { flags: '--gemini <url>', about: 'command.option.gemini' },
    { flags: '--session <id>', about: 'command.option.session' },
    ...GATE_OPTIONS,
  ],
  examples: [
    'clawctl model-proxy',
    'ANTHROPIC_BASE_URL=http://127.0.0.1:4630 claude',
    'OPENAI_BASE_URL=http://127.0.0.1:4630/v1 node agent.js',
    'GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:4630 gemini',
    'clawctl model-proxy --openai http://127.0.0.1:11434 --session nightly',
    'clawctl model-proxy --enforce',
  ],
  run: async (context, input) => {
    const { t, terminal } = context;
    const stopped = context.interruption();
    const upstreams = readUpstreams({
      anthropic: option(input, 'anthropic'),
      openai: option(input, 'openai'),
      gemini: option(input, 'gemini'),
    });
    const port = whole(input, 'port', { least: 0, most: 65_535 }) ?? PORT;
    const { gate, close } = await openDeciding(context, input);
    const claw = await openRecorder(context, input);
    const { record } = claw;
    const session_id = option(input, 'session');
    const proxy = await startModelProxy({
      upstreams,
      port,
      host: option(input, 'host'),
      record,
      session_id,
      gate,
    }).catch(async (error: unknown) => {
      close();
      await claw.close();
      throw error;
    });
    greet(context, proxy.url);
    const { hostname } = new URL(proxy.url);
    if (!isLoopback(hostname)) {
      terminal.note({ text: t('relay.open', { host: hostname }), style: 'alarm' });
    }
    if (!stopped.aborted) await once(stopped, 'abort');
    await proxy.close(GRACE_MS);
    close();
    await claw.close();
    farewell(context, proxy.counts(), claw.status().dropped);
    tellGate(context, gate);
  },
};

function greet({ t, terminal, format }: Context, url: string): void {
  if (format === 'json') {
    terminal.json({ url });
    return;
  }
  const variables = [
    `ANTHROPIC_BASE_URL=${url}`,
    `OPENAI_BASE_URL=${url}/v1`,
    `GOOGLE_GEMINI_BASE_URL=${url}`,
  ];
  terminal.line({ text: t('relay.model'), style: 'bold' }, ` ${variables.join(' ')}`);
}

function farewell({ t, terminal, format }: Context, counts: Counts, dropped: number): void {
  if (format === 'json') {
    terminal.json({ ...counts, dropped });
    return;
  }
  terminal.note(t('relay.modelClosed', counts));
  if (counts.refused > 0) terminal.note(t('relay.refused', counts));
  if (dropped > 0) terminal.note({ text: t('relay.dropped', { dropped }), style: 'warn' });
}
