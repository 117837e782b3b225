/** Which session a call belongs to that names none: what its client says of itself. */
import { belongingIn } from '../../adapter/mcp/party.ts';
import type { Arguments } from './tool.ts';

type Called = {
  readonly name: string;
  readonly args: unknown;
  /** As the request came; Codex names its session there. */
  readonly meta: unknown;
  /** Where the client does not say. */
  readonly session?: string | undefined;
};

/** A task is its own session's; what is asked within one has its session. */
const BELONG = new Map([
  ['declare_task', ['session_id']],
  ['validate_action', ['session_id', 'task_id']],
  ['request_approval', ['session_id', 'task_id']],
]);

export function withSession({ name, args, meta, session }: Called): Arguments {
  const given = Object(args) as Arguments;
  const session_id = belongingIn({ _meta: meta }).session_id ?? session;
  const named = BELONG.get(name)?.some((key) => Object.hasOwn(given, key)) ?? true;
  return named || session_id === undefined ? given : { ...given, session_id };
}
