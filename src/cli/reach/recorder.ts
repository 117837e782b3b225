/** The SDK's recorder for commands that witness: same server and token as every other command. */
import { type Claw, connect } from '../../sdk/sdk.ts';
import { type Context, type Input, option } from '../command/command.ts';
import { report } from '../problem.ts';
import { findPlace } from './place.ts';

/** Throws where there is no token; whether the server is there shows later, and is spooled for. */
export async function openRecorder(context: Context, input: Input): Promise<Claw> {
  const { env, terminal, t } = context;
  const place = await findPlace({
    env,
    url: option(input, 'url'),
    data: option(input, 'data'),
    token: option(input, 'token'),
  });
  if (place.exposed) {
    terminal.note({ text: t('connect.plain', { url: place.url }), style: 'warn' });
  }
  const token = await place.token();
  return connect({
    url: place.url,
    token,
    onError: (fault) => report(fault, context),
  });
}
