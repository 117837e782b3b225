/** Prompt injection in recorded runs: the explanation of the injected call names its origin. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isAct } from '../../src/search/why/scene.ts';
import { explainEvent } from '../../src/search/why.ts';
import { attacks, attacksAreHere, clock, rowsOf, sceneOf } from './why-scene.ts';

const skip = attacksAreHere ? false : '../shared/datasets is not here';

suite('recorded attacks that succeeded', { skip }, () => {
  for (const { name, value, events } of skip ? [] : attacks()) {
    test(`${name}: says in which result ${value} stood first`, () => {
      const rows = rowsOf(events);
      const holds = (part: unknown) => JSON.stringify(part ?? '').includes(value);
      const call = rows.find((row) => isAct(row) && holds(row.arguments));
      assert.ok(call, 'the injected call is in the run');
      const source = rows.find((row) => isAct(row) && holds(row.result));
      const options = { language: 'en', for: 'responder', clock } as const;
      const { steps } = explainEvent(sceneOf(call, rows), options);
      const origin = steps.find(
        ({ kind, sentence }) => kind === 'context' && sentence.includes(value),
      );
      assert.equal(origin?.event_id, source?.id);
      assert.match(origin?.sentence ?? '', /first appeared in the result of /);
      assert.match(origin?.sentence ?? '', /The user's prompt does not mention/);
    });
  }
});
