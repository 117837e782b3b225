/**
 * The lifecycle from a declared task to its close, by the SDK, by HTTP and by MCP, with the same
 * result. Needs CLAW_URL, and in CLAW_TOKEN an operator's token: it makes a tenant of its own with
 * policies and two tokens, so that nothing else is touched.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Claw, connect, renderTimeline } from 'claw';
import { type Access, byHttp, byMcp, bySdk, type Fields, type Way } from './way.ts';

const url = process.env['CLAW_URL'] ?? 'http://127.0.0.1:4620';
const tenant = 'lifecycle-example';

const access = await prepare();
// What the runtime's hooks or plugin do in real life: they record the acts themselves.
const runtime = connect({ url, token: access.agent, agent: 'example-agent' });
const results: unknown[] = [];
for (const [name, open] of Object.entries({ SDK: bySdk, HTTP: byHttp, MCP: byMcp })) {
  console.log(`\n── by ${name}`);
  const way = await open(access);
  results.push(await drive(way, runtime));
  await way.close();
}
await runtime.close();

const same = results.every((result) => isDeepStrictEqual(result, results[0]));
console.log(same ? '\nThe same result by SDK, HTTP and MCP.' : '\nThe results differ.');
if (!same) process.exitCode = 1;

async function drive(way: Way, runtime: Claw) {
  const session = runtime.session({ session_id: `example-${randomUUID()}` });
  const { session_id } = session;
  const { task_id } = await way.declare_task({
    session_id,
    goal: 'Tidy up the build folder.',
    scope: { tools: ['Write', 'Bash'] },
    budget: { calls: 5 },
  });
  const from = { session_id, task_id, agent: { id: 'example-agent', runtime: 'claude-code' } };

  const note = { file_path: '/work/notes.md', content: 'Tidied.' };
  const write = { ...from, call_id: 'call-1', tool: 'Write', arguments: note };
  const permitted = await way.validate_action(write);
  if (permitted.allowed) session.start('Write', note, { call_id: 'call-1' }).success('written');

  const config = { file_path: '/prod/app.conf', content: 'debug = true' };
  const edit = { ...from, call_id: 'call-2', tool: 'Write', arguments: config };
  const denied = await way.validate_action(edit);

  const command = { command: 'rm -r build' };
  const remove = { ...from, call_id: 'call-3', tool: 'Bash', arguments: command, cwd: '/work' };
  const escalated = await way.validate_action(remove);
  const reason = 'Only what was built is in it.';
  const approval = await way.approve(escalated.approval?.approval_id ?? '', { reason });
  // The same call goes on where it stopped: at the approval.
  const lifted = await way.validate_action({ ...remove, wait_s: 30 });
  if (lifted.allowed) session.start('Bash', command, { call_id: 'call-3' }).success('removed');

  await runtime.flush();
  const closed = await way.close_task(task_id, { outcome: 'success', summary: 'It is tidy.' });
  const entries = await way.audit_log({ session_id, limit: 50 });
  const chain = await way.audit_log({ query: `task:"${task_id}"`, limit: 50 });
  show(task_id, { entries, chain });
  return {
    decisions: [permitted, denied, escalated, lifted].map(
      ({ outcome, allowed, status, policy_id }) => ({ outcome, allowed, status, policy_id }),
    ),
    approval: { state: approval.state, scope: approval.scope },
    task: { state: closed.state, outcome: closed.outcome, used: closed.used },
    audit: entries.map(({ policy_id, tool, status }) => ({ policy_id, tool, status })),
  };
}

type Trails = Readonly<Record<'entries' | 'chain', Awaited<ReturnType<Way['audit_log']>>>>;

/** The trail of the task, and the violation as the audit log has it. */
function show(task_id: string, { entries, chain }: Trails): void {
  for (const entry of chain) renderTimeline(entry);
  const violation = entries.find(({ status }) => status === 'POLICY_VIOLATION');
  console.log(JSON.stringify({ task_id, chain: chain.length, all: entries.length, violation }));
}

async function prepare(): Promise<Access> {
  const text = readFileSync(join(import.meta.dirname, 'policy.cedar'), 'utf8');
  await administer('/v1/policies', { files: [{ name: 'example.cedar', text }] });
  const [agent, person] = await Promise.all(
    ['recorder', 'approver'].map(async (role) => {
      const { token } = await administer('/v1/tokens', { name: `example-${role}`, role });
      return String(token);
    }),
  );
  return { url, agent: agent ?? '', person: person ?? '' };
}

async function administer(path: string, body: Fields): Promise<Fields> {
  const token = process.env['CLAW_TOKEN'] ?? '';
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const sent = { method: 'POST', headers, body: JSON.stringify(body) };
  const answer = await fetch(`${url}${path}?tenant=${tenant}`, sent);
  if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
  return (await answer.json()) as Fields;
}
