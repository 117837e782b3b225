/** The SDK's recorder for commands that witness: same server and token as every other command. */
import { type Claw, connect } from '../../sdk/sdk.ts';
import { type Context, type Input, option } from '../command/command.ts';
import { report } from '../problem.ts';
import { findPlace } from './place.ts';

/**
 * Throws where there is no token, but where one is told to `spool` without: a server that an agent
 * needs must not fail because nobody records it. Whether the server is there shows later, and is
 * spooled for.
 */
export async function openRecorder(
  context: Context,
  input: Input,
  withoutToken: 'refuse' | 'spool' = 'refuse',
): Promise<Claw> {
  const { env, terminal, t } = context;
  const place = await findPlace({
    env,
    url: option(input, 'url'),
    data: option(input, 'data'),
    token: option(input, 'token'),
  });
  const { url } = place;
  if (place.exposed) terminal.note({ text: t('connect.plain', { url }), style: 'warn' });
  const token = await place.token().catch((error: unknown) => {
    if (withoutToken === 'refuse') throw error;
    terminal.note({ text: t('mcp.noToken', { url }), style: 'warn' });
    return undefined;
  });
  const claw = connect({
    url,
    ...(token === undefined ? {} : { token }),
    onError: (fault) => report(fault, context),
  });
  const tenant_id = option(input, 'tenant');
  if (tenant_id === undefined) return claw;
  return { ...claw, record: (draft) => claw.record({ ...draft, tenant_id }) };
}
