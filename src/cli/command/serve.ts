/** `clawctl serve`: the server, until it is told to stop. */
import { once } from 'node:events';
import type { Fault } from '../../fault/fault.ts';
import type { Running } from '../compose.ts';
import { report } from '../problem.ts';
import { writePointer } from '../reach/pointer.ts';
import { pad } from '../screen/width.ts';
import { version } from '../version.ts';
import { type Command, type Context, flag, type Input, option } from './command.ts';

/** A small buffer that is kept keeps the pool that it is cut from: Node's has 64 KiB. */
const POOL_BYTES = 8 * 1024;

export const serve: Command = {
  options: [
    { flags: '--host <host>', about: 'command.option.host' },
    { flags: '--port <port>', about: 'command.option.port' },
    { flags: '--demo', about: 'command.option.demo' },
    { flags: '--config <file>', about: 'command.option.config' },
    { flags: '--tls-cert <file>', about: 'command.option.tlsCert' },
    { flags: '--tls-key <file>', about: 'command.option.tlsKey' },
    { flags: '--allow-plain-http', about: 'command.option.allowPlainHttp' },
  ],
  examples: [
    'clawctl serve',
    'clawctl serve --demo --data ./demo-data --port 4621',
    'clawctl serve --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem',
  ],
  run: async (context, input) => {
    const stopped = context.interruption();
    Buffer.poolSize = POOL_BYTES;
    const { startServer } = await import('../compose.ts');
    const file = option(input, 'config');
    const running = await startServer({
      flags: flagsOf(input),
      env: context.env,
      ...(file === undefined ? {} : { file }),
      replay: flag(input, 'demo') ? 'demo' : 'nothing',
      onFault: (fault: Fault) => report(fault, context),
    });
    // Without the note clawctl needs --url or --data; that is no reason not to serve.
    await writePointer(context.env, running).catch(() => undefined);
    if (context.format === 'json') announce(context, running);
    else greet(context, running);
    if (!stopped.aborted) await once(stopped, 'abort');
    if (context.format === 'text') context.terminal.note(context.t('serve.closing'));
    await running.close();
    if (context.format === 'text') context.terminal.note(context.t('serve.closed'));
  },
};

function flagsOf(input: Input): Readonly<Record<string, unknown>> {
  return {
    data: option(input, 'data'),
    host: option(input, 'host'),
    port: option(input, 'port'),
    tls_cert: option(input, 'tlsCert'),
    tls_key: option(input, 'tlsKey'),
    allow_plain_http: flag(input, 'allowPlainHttp') || undefined,
  };
}

function announce({ terminal }: Context, { url, data, token, replayed }: Running): void {
  terminal.json({ url, data, ...(token === undefined ? {} : { token }), replayed });
}

function greet(context: Context, running: Running): void {
  const { t, terminal } = context;
  const { url, data, token, replayed, credentials } = running;
  terminal.line({ text: t('serve.ready', { version: version(), url }), style: 'bold' });
  terminal.line(t('serve.data', { data }));
  if (token !== undefined) {
    terminal.line();
    terminal.line(t('serve.token', { file: credentials }));
    terminal.line('  ', { text: token, style: 'warn' });
  }
  if (running.repaired) {
    terminal.line({ text: t('serve.repaired', { file: credentials }), style: 'warn' });
  }
  if (replayed.length > 0) {
    const events = replayed.reduce((sum, { events: count }) => sum + count, 0);
    terminal.line();
    const there = replayed.every((one) => one.repeated === one.events);
    terminal.line(t(there ? 'serve.demoThere' : 'serve.demo', { events }));
    for (const { title, session_id } of replayed) {
      terminal.line('  ', { text: session_id, style: 'name' }, `  ${title}`);
    }
  }
  suggest(context, running);
}

/** npm puts clawctl on the path of its own scripts alone. */
function suggest({ t, terminal, env }: Context, { replayed }: Running): void {
  const call = env['npm_lifecycle_event'] === undefined ? 'clawctl' : 'npx clawctl';
  const install = [`${call} install claude-code`, t('serve.nextInstall')] as const;
  const search = [`${call} logs search --query "tool:send_email"`, t('serve.nextSearch')] as const;
  const lines = [
    replayed.length > 0 ? search : install,
    [`${call} sessions list`, t('serve.nextList')],
    [`${call} logs tail`, t('serve.nextTail')],
    [`${call} verify`, t('serve.nextVerify')],
  ] as const;
  const width = Math.max(...lines.map(([command]) => command.length)) + 3;
  terminal.line();
  terminal.line(t('serve.next'));
  for (const [command, about] of lines) {
    terminal.line(
      '  ',
      { text: pad(command, width), style: 'name' },
      { text: about, style: 'dim' },
    );
  }
}
