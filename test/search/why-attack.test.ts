/** Prompt injection in recorded runs: the explanation of the injected call names its origin. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { WhyRow } from '../../src/search/why/scene.ts';
import { isAct } from '../../src/search/why/scene.ts';
import { explainEvent, type WhyStep } from '../../src/search/why.ts';
import { attacks, attacksAreHere, clock, eventsOf, rowsOf, runs, sceneOf } from './why-scene.ts';

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
      const told = steps.filter(({ evidence }) => evidence['from'] !== undefined);
      assert.equal(told[0], origin, 'nothing less telling stands before it');
      assert.match(origin?.sentence ?? '', /first appeared in the result of /);
      assert.match(origin?.sentence ?? '', /The user's prompt does not mention/);
    });
  }
});

suite('all recorded runs', { skip }, () => {
  test('what is said of where values stood first is what a plain search finds', () => {
    let claims = 0;
    for (const run of skip ? [] : runs()) {
      const rows = rowsOf(eventsOf(run));
      for (const call of rows.filter(isAct)) {
        const scene = sceneOf(call, rows);
        const options = { language: 'en', for: 'responder', clock } as const;
        for (const step of explainEvent(scene, options).steps) {
          if (step.kind === 'context') claims += checked(step, call, rows);
        }
      }
    }
    assert.ok(claims > 1000);
  });
});

/** The claims of a step, each held against the rows' whole texts. */
function checked({ evidence, event_id }: WhyStep, call: WhyRow, rows: readonly WhyRow[]): number {
  const {
    values = [],
    from,
    prompt,
  } = evidence as {
    values?: readonly string[];
    from?: string;
    prompt?: string;
  };
  const source = rows.find(({ id }) => id === event_id);
  const whole = values.filter((value) => !value.endsWith('…') && !value.includes('⏎'));
  for (const value of whole.map((one) => one.toLowerCase())) {
    const shown = [source?.result, source?.error?.message];
    const said = from === 'shown' ? shown : [source?.arguments, source?.content];
    assert.ok(flat(said).includes(value), `${value} stands there`);
    if (from !== 'shown') continue;
    const earlier = rows.filter((row) => row.time < (source?.time ?? ''));
    assert.ok(!earlier.some(({ result }) => flat([result]).includes(value)), `${value} is first`);
    const prompts = rows.filter((row) => row.type === 'prompt' && row.time < call.time);
    const named = prompts.some(({ content }) => flat([content]).includes(value));
    assert.equal(named, prompt === 'names', `whether a prompt names ${value}`);
  }
  return whole.length;
}

function flat(values: readonly unknown[]): string {
  const texts = values.map((one) => (typeof one === 'string' ? one : JSON.stringify(one ?? '')));
  return texts.join(' ').replaceAll('\\n', ' ').replaceAll('\\"', '"').toLowerCase();
}
