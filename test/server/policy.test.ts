/** Policies over HTTP: shown, checked, put in force, told again, and tried on past decisions. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newPlace, type Place } from '../trail/place.ts';
import { openRig, type Rig } from './rig.ts';

let place: Place;
let rig: Rig;
before(async () => {
  place = newPlace();
  rig = await openRig(() => place.open());
});
after(async () => {
  await rig.close();
  await place.clear();
});

const BASE = '@id("all") permit (principal, action, resource);';
const NO_RM =
  '@id("no-rm") @reason("No.") forbid (principal, action == Action::"delete", resource);';
const files = (...texts: string[]) => [{ name: 'a.cedar', text: texts.join('\n') }];
const post = (path: string, body: object, token: string) => rig.send(path, { token, body });
const get = (path: string, token: string = rig.viewer) => rig.send(path, { token });

test('only an admin puts policies in force, and everybody may see them', async () => {
  const refused = await post('/v1/policies', { files: files(BASE) }, rig.viewer);
  assert.equal(refused.status, 403);
  const applied = await post(
    '/v1/policies',
    { files: files(BASE, NO_RM), reason: 'try' },
    rig.admin,
  );
  assert.equal(applied.status, 200, applied.text);
  const shown = await get('/v1/policies');
  assert.equal(shown.body.version, applied.body.version);
  assert.deepEqual(
    shown.body.policies.map(({ id }: { id: string }) => id),
    ['all', 'no-rm'],
  );
  assert.equal(shown.body.reason, 'try');
});

test('what is wrong is told without being put in force', async () => {
  const before = (await get('/v1/policies')).body.version;
  const bad = files(
    BASE,
    'forbid (principal, action, resource is File) when { resource.pth == "" };',
  );
  const checked = await post('/v1/policies/check', { files: bad }, rig.viewer);
  assert.equal(checked.body.ok, false);
  const [problem] = checked.body.problems;
  assert.deepEqual([problem.file, problem.line], ['a.cedar', 2]);
  const applied = await post('/v1/policies', { files: bad }, rig.admin);
  assert.equal(applied.status, 422);
  assert.equal(applied.body.error.code, 'policy.invalid');
  assert.match(applied.body.error.message, /^a\.cedar:2:/);
  assert.equal((await get('/v1/policies')).body.version, before);
});

test('every version is told with its author, and its files by its hash', async () => {
  const { body: json } = await post('/v1/policies', { files: files(BASE) }, rig.admin);
  const { versions } = (await get('/v1/policies/versions?limit=2')).body;
  assert.equal(versions[0].version, json.version);
  assert.equal(versions[0].author, versions[1].author);
  assert.ok(!('files' in versions[0]));
  const one = await get(`/v1/policies/versions/${encodeURIComponent(versions[1].version)}`);
  assert.deepEqual(one.body.files, files(BASE, NO_RM));
  assert.equal((await get('/v1/policies/versions/sha256:0')).body.error.code, 'policy.not_found');
});

test('past decisions are asked again of other policies', async () => {
  for (const command of ['ls', 'rm a', 'rm b']) {
    const decided = await post(
      '/v1/actions/validate',
      {
        session_id: 's1',
        tool: 'Bash',
        arguments: { command },
        cwd: '/work',
        agent: { runtime: 'claude-code' },
      },
      rig.recorder,
    );
    assert.equal(decided.body.outcome, 'permit', decided.text);
  }
  const tried = { files: files(BASE, NO_RM) };
  const replayed = await post('/v1/policies/replay', tried, rig.viewer);
  assert.equal(replayed.status, 200, replayed.text);
  const { decisions, same, different, differences } = replayed.body;
  assert.deepEqual([decisions, same, different], [3, 1, 2]);
  assert.deepEqual(differences[0].after, { outcome: 'deny', policy_ids: ['no-rm'], reason: 'No.' });
  const narrow = await post('/v1/policies/replay', { ...tried, query: 'arguments:ls' }, rig.viewer);
  assert.deepEqual([narrow.body.decisions, narrow.body.different], [1, 0]);
  const wrong = await post('/v1/policies/replay', { ...tried, query: '(((' }, rig.viewer);
  assert.equal(wrong.body.error.code, 'query.invalid');
});
