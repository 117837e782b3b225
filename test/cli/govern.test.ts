/** What a person does from the command line: tasks, approvals, votes, links, modes. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openRig, type Rig } from './rig.ts';

const POLICIES = [
  {
    name: 'test.cedar',
    text: `
@id("baseline") permit (principal, action, resource);
@id("restrict-prod-edits") @reason("Production is not edited.")
forbid (principal, action == Action::"write", resource is File)
when { resource.id like "/prod/*" };
@id("rm-needs-approval") @escalate("Deleting needs approval.") @constraint("See what it holds.")
forbid (principal, action == Action::"delete", resource);
`,
  },
];
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not come out.
const DANGEROUS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
const HOSTILE = 'rm\u001b]0;pwned\u0007\u202e x';

let rig: Rig;
let agent: string;
let person: string;
before(async () => {
  rig = await openRig();
  await post('/v1/policies', { files: POLICIES }, rig.token);
  agent = await token('bot', 'recorder');
  person = await token('jane', 'approver');
});
after(() => rig.close());

// biome-ignore lint/suspicious/noExplicitAny: answers of every route.
async function post(path: string, body: unknown, bearer: string): Promise<any> {
  const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body: JSON.stringify(body) };
  return (await fetch(`${rig.url}${path}`, init)).json();
}

async function token(name: string, role: string): Promise<string> {
  const made = await rig.run(['token', 'create', '--name', name, '--role', role, '--json']);
  assert.equal(made.code, 0, made.err);
  return made.json.token;
}

const as = (bearer: string, args: readonly string[]) => rig.run(args, { CLAW_TOKEN: bearer });

const escalating = (path: string) => [
  'validate',
  'remove_file',
  JSON.stringify({ path }),
  '--action',
  'delete',
];

test('validate answers by its exit code: allowed, denied, needs approval', async () => {
  const permit = await as(agent, ['validate', 'Read', '{"file_path":"/a"}']);
  assert.equal(permit.code, 0, permit.err);
  assert.match(permit.out, /^permitted/);
  const runtime = ['--runtime', 'claude-code'];
  const denied = ['validate', 'Write', '{"file_path":"/prod/a","content":""}', ...runtime];
  const deny = await as(agent, denied);
  assert.equal(deny.code, 5, deny.err);
  assert.match(deny.out, /denied {2}Production is not edited\.[\s\S]*restrict-prod-edits/);
  const observed = await as(agent, [...denied, '--mode', 'observe']);
  assert.equal(observed.code, 0, observed.err);
  assert.match(observed.err, /only observed/);
  const escalated = await as(agent, escalating('/v'));
  assert.equal(escalated.code, 6, escalated.err);
  const broken = await as(agent, ['validate', 'Read', '{']);
  assert.equal(broken.code, 2);
  assert.match(broken.err, /no JSON/);
});

test('an approval is listed, shown, given with a reason, and lets the waiting call go on', async () => {
  const waiting = rig.start([...escalating('/wait'), '--wait', '60'], { CLAW_TOKEN: agent });
  const id = await pending('/wait');
  const listed = await as(person, ['approvals', 'list']);
  assert.match(listed.out, new RegExp(`${id.slice(0, 13)}.*pending.*remove_file.*/wait`));
  const shown = await as(person, ['approvals', 'show', id]);
  assert.match(
    shown.out,
    /"path": "\/wait"[\s\S]*Deleting needs approval\.[\s\S]*See what it holds\./,
  );
  const silent = await as(person, ['approvals', 'approve', id]);
  assert.equal(silent.code, 2);
  const blank = await as(person, ['approvals', 'approve', id, '--reason', ' \u3000\n']);
  assert.equal(blank.code, 2);
  assert.match(blank.err, /reason: must not be empty/);
  const own = await as(agent, ['approvals', 'approve', id, '--reason', 'mine']);
  assert.equal(own.code, 2);
  const given = await as(person, ['approvals', 'approve', id, '--reason', 'It is old.']);
  assert.equal(given.code, 0, given.err);
  assert.match(given.out, /approved/);
  const done = await waiting.done;
  assert.equal(done.code, 0, done.err);
  assert.match(done.out, /permitted/);
  const decided = await as(person, ['approvals', 'list', '--state', 'used']);
  assert.doesNotMatch(decided.err, /--reason/);
  const late = await as(person, ['approvals', 'deny', id, '--reason', 'too late']);
  assert.equal(late.code, 2);
  assert.match(late.err, /approval\.decided/);
});

async function pending(path: string): Promise<string> {
  for (;;) {
    const { json } = await as(person, ['approvals', 'list', '--json']);
    const found = json.approvals.find(
      ({ arguments: args }: { arguments: { path?: string } }) => args.path === path,
    );
    if (found) return found.approval_id;
  }
}

test('a refusal is the answer of the waiting call, with the reason', async () => {
  const waiting = rig.start([...escalating('/no'), '--wait', '60'], { CLAW_TOKEN: agent });
  await as(person, ['approvals', 'deny', await pending('/no'), '--reason', 'Not this one.']);
  const done = await waiting.done;
  assert.equal(done.code, 5);
  assert.match(done.out, /Not this one\./);
});

test('watch shows what waits, what is asked for, and what becomes of it', async () => {
  await as(agent, escalating('/before'));
  const watch = rig.start(['approvals', 'watch'], { CLAW_TOKEN: person });
  await watch.said('out', /pending.*\/before/);
  await watch.said('err', /Waiting/);
  await as(agent, escalating('/during'));
  await watch.said('out', /pending.*\/during/);
  await as(person, ['approvals', 'deny', await pending('/during'), '--reason', 'no']);
  await watch.said('out', /denied.*\/during/);
  watch.child.kill('SIGINT');
  assert.equal((await watch.done).code, 0);
});

test('a link opens the page of its approval', async () => {
  await as(agent, escalating('/link'));
  const id = await pending('/link');
  const made = await as(person, ['approvals', 'link', id, '--for', 'ann']);
  assert.equal(made.code, 0, made.err);
  assert.match(made.err, /decides as ann/);
  const page = await fetch(made.out.trim());
  assert.equal(page.status, 200);
  assert.match(await page.text(), /\/link[\s\S]*See what it holds\./);
  const elsewhere = ['approvals', 'link', id, '--for', 'ann', '--base', 'https://claw.example/'];
  assert.match((await as(person, elsewhere)).out, /^https:\/\/claw\.example\/approve\//);
});

test('tasks are listed, shown and closed', async () => {
  const declared = { task_id: 'task-of-cli', session_id: 't', goal: `Tidy up ${HOSTILE}` };
  await post('/v1/tasks', { ...declared, scope: { tools: ['Read'] }, budget: { calls: 3 } }, agent);
  const outside = ['validate', 'Write', '{}', '--task', 'task-of-cli'];
  assert.equal((await as(agent, outside)).code, 5);
  const listed = await as(person, ['tasks', 'list']);
  assert.match(listed.out, /task-of-cli.*open.*0 \/ 3.*Tidy up/);
  const shown = await as(person, ['tasks', 'show', 'task-of-']);
  assert.match(shown.out, /Tidy up[\s\S]*Read/);
  for (const { out } of [listed, shown]) assert.doesNotMatch(out, DANGEROUS);
  const closing = [
    'tasks',
    'close',
    'task-of-cli',
    '--outcome',
    'abandoned',
    '--summary',
    'Enough.',
  ];
  assert.match((await as(agent, closing)).out, /abandoned[\s\S]*Enough\./);
  const again = await as(agent, closing);
  assert.equal(again.code, 2);
  assert.match(again.err, /task\.closed/);
});

test('modes are set for all, for some, replaced and taken out', async () => {
  const set = (...args: string[]) => rig.run(['enforcement', 'set', ...args, '--json']);
  await set('--mode', 'observe');
  const two = await set('--agent', 'billing-*', '--mode', 'enforce');
  assert.deepEqual(two.json, {
    default: 'observe',
    agents: [{ agent: 'billing-*', mode: 'enforce' }],
  });
  const deny = ['validate', 'Write', '{"file_path":"/prod/a"}', '--runtime', 'claude-code'];
  assert.equal((await as(agent, deny)).code, 0);
  assert.equal((await as(agent, [...deny, '--agent', 'billing-bot'])).code, 5);
  await set('--agent', 'billing-*', '--mode', 'observe');
  assert.equal((await as(agent, [...deny, '--agent', 'billing-bot'])).code, 0);
  const shown = await rig.run(['enforcement', 'show']);
  assert.match(shown.out, /billing-\*.*observed[\s\S]*all others.*observed/);
  await set('--agent', 'billing-*', '--remove');
  assert.deepEqual((await set('--remove')).json, { agents: [] });
  assert.equal((await set()).code, 2);
  assert.equal((await as(person, ['enforcement', 'set', '--mode', 'observe'])).code, 2);
});

test('whatever an agent writes steers no terminal', async () => {
  await as(agent, ['validate', HOSTILE, JSON.stringify({ path: HOSTILE }), '--action', 'delete']);
  const listed = await as(person, ['approvals', 'list']);
  const { json } = await as(person, ['approvals', 'list', '--json']);
  const found = json.approvals.find(({ tool }: { tool: string }) => tool === HOSTILE);
  const shown = await as(person, ['approvals', 'show', found.approval_id, '--lang', 'ja']);
  for (const { out, err } of [listed, shown]) assert.doesNotMatch(out + err, DANGEROUS);
  assert.match(shown.out, /\\x1b\]0;pwned/);
});
