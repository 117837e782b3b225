/** Applies a plan in a process of its own, to be killed in the middle. */
import { readFileSync } from 'node:fs';
import { applyPlan } from '../../src/sdk/rollback/apply.ts';
import { readPlan } from '../../src/sdk/rollback/plan.ts';

const [, , file = '', root = '', state = ''] = process.argv;
const plan = readPlan(JSON.parse(readFileSync(file, 'utf8')));
await applyPlan(plan, { roots: [root], state, apply: true });
