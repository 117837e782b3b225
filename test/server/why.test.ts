/** Explanations over HTTP: who may ask, what is answered, and that asking is recorded. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { whySchema } from '../../src/server/answer/why.ts';
import { openMemoryTrail } from './memory-trail.ts';
import { eventually, openRig, type Rig } from './rig.ts';

let rig: Rig;
let id = '';
before(async () => {
  rig = await openRig(openMemoryTrail);
  const call = { type: 'tool_call', session_id: 's', tool: 'send_email', call_id: 'c' };
  const body = [
    { type: 'prompt', session_id: 's', content: 'Sum up my mail', user_id: 'jane' },
    { ...call, arguments: { to: 'eve@evil.example' }, status: 'success', user_id: 'jane' },
  ];
  const reply = await rig.send('/v1/events', { token: rig.recorder, body });
  id = reply.body.results[1].id;
});
after(() => rig.close());

test('a viewer is told why, in either language, for either reader, in the form of the document', async () => {
  for (const language of ['en', 'ja']) {
    for (const reader of ['responder', 'subject']) {
      const path = `/v1/events/${id}/why?language=${language}&for=${reader}&zone=Asia/Tokyo`;
      const { status, body } = await rig.send(path, { token: rig.viewer });
      assert.equal(status, 200);
      const why = whySchema.parse(body);
      assert.deepEqual([why.language, why.for, why.zone], [language, reader, 'Asia/Tokyo']);
      assert.equal(why.event.id, id);
      assert.equal(
        why.steps.some(({ kind }) => kind === 'rights'),
        reader === 'subject',
      );
    }
  }
});

test('English and the responder are meant where nothing is said', async () => {
  const { body } = await rig.send(`/v1/events/${id}/why`, { token: rig.viewer });
  assert.deepEqual([body.language, body.for, body.zone], ['en', 'responder', 'UTC']);
});

test('who may not read is told nothing, nor is another tenant', async () => {
  assert.equal((await rig.send(`/v1/events/${id}/why`, { token: rig.recorder })).status, 403);
  const foreign = await rig.send(`/v1/events/${id}/why`, { token: rig.foreigner });
  assert.deepEqual([foreign.status, foreign.body.error.code], [404, 'event.not_found']);
  const nobody = '/v1/events/0199a3f2-7c11-7e2a-9d55-3f0a1b2c3d4e/why';
  assert.equal((await rig.send(nobody, { token: rig.viewer })).status, 404);
  for (const wrong of ['language=fr', 'for=everybody', 'zone=Mars', 'more=1']) {
    const { status } = await rig.send(`/v1/events/${id}/why?${wrong}`, { token: rig.viewer });
    assert.equal(status, 400, wrong);
  }
});

test('to have asked is recorded, with who asked and for whom', async () => {
  await rig.send(`/v1/events/${id}/why?for=subject`, { token: rig.viewer });
  const { body } = await eventually(
    () => rig.send('/v1/events?query=tool:why&limit=1000', { token: rig.admin }),
    (reply) => JSON.stringify(reply.body).includes('"for":"subject"'),
  );
  const note = body.events.find((one: { arguments: { id: string } }) => one.arguments.id === id);
  assert.equal(note.type, 'access');
});
