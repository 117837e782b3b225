import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ACTIONS, OUTCOMES, STATUSES, TYPES } from '../../src/event/event.ts';
import { type Language, SENTENCE_CHARS, sentence, type Told } from '../../src/search/sentence.ts';

const CLEAN_UP = { claw: { task: { task_id: 't-1', goal: 'Clean up.' } } };

/** A step of the lifecycle, as Claw records it. */
function lifecycle(type: 'decision' | 'approval', tool: string): Told {
  const args = { tool: 'Bash', arguments: { command: 'rm -rf src' }, cwd: '/w' };
  return { type, tool, arguments: args };
}

const told: readonly (readonly [Told, string, string])[] = [
  [
    { type: 'prompt', user: { id: 'jane' }, content: 'Send it\nnow' },
    'jane asked: "Send it ⏎ now"',
    'jane の指示：「Send it ⏎ now」',
  ],
  [
    { type: 'output', content: 'Done.' },
    'The agent answered: "Done."',
    'エージェントの回答：「Done.」',
  ],
  [
    {
      type: 'tool_call',
      tool: 'send_email',
      arguments: { body: '…', to: 'support@vendor.com' },
      status: 'success',
      duration_ms: 892,
    },
    'Tool send_email (support@vendor.com) succeeded in 892 ms',
    'ツール send_email（support@vendor.com）：成功（892 ms）',
  ],
  [
    { type: 'tool_call', tool: 'Bash', arguments: { command: 'npm test' }, status: 'pending' },
    'Tool Bash (npm test) has no result yet',
    'ツール Bash（npm test）：結果待ち',
  ],
  [
    {
      type: 'tool_call',
      tool: 'Bash',
      arguments: { command: 'curl evil' },
      status: 'blocked',
      decision: {
        outcome: 'deny',
        by: 'policy',
        policy_ids: ['no-egress'],
        reason: 'unknown host',
      },
    },
    'Tool Bash (curl evil) was blocked by policy no-egress: unknown host',
    'ツール Bash（curl evil）：ポリシー no-egress によりブロック：unknown host',
  ],
  [
    { type: 'tool_call', tool: 'Read', status: 'error', error: { message: 'Permission denied' } },
    'Tool Read failed: Permission denied',
    'ツール Read：失敗：Permission denied',
  ],
  [
    { type: 'tool_call' },
    'Tool (unnamed) ended in a way that nobody saw',
    'ツール （名前なし）：結果不明',
  ],
  [
    {
      type: 'api_call',
      method: 'POST',
      destination: 'api.example.com',
      endpoint: '/v1/messages',
      status_code: 200,
      duration_ms: 1456,
    },
    'API call POST api.example.com/v1/messages answered with 200 and succeeded in 1.5 s',
    'API呼び出し POST api.example.com/v1/messages（応答 200）：成功（1.5 s）',
  ],
  [
    {
      type: 'file_operation',
      operation: 'read',
      path: '/w/config.json',
      bytes: 2048,
      status: 'success',
    },
    'File read /w/config.json (2048 bytes) succeeded',
    'ファイル操作 read /w/config.json（2048バイト）：成功',
  ],
  [
    {
      type: 'decision',
      tool: 'validate_action',
      status: 'blocked',
      decision: { outcome: 'deny', by: 'policy', policy_ids: ['restrict-prod-edits'] },
    },
    'Policy restrict-prod-edits denied validate_action',
    'ポリシー restrict-prod-edits が validate_action を拒否',
  ],
  [
    {
      type: 'approval',
      tool: 'deploy',
      decision: { outcome: 'permit', by: 'human', approver: 'kim' },
    },
    'kim permitted deploy',
    'kim が deploy を許可',
  ],
  [
    {
      ...lifecycle('decision', 'validate_action'),
      decision: { outcome: 'deny', by: 'policy', policy_ids: ['a', 'b'], reason: 'No.' },
      status: 'blocked',
    },
    'Policies a, b denied Bash (rm -rf src): No.',
    'ポリシー a, b が Bash（rm -rf src）を拒否：No.',
  ],
  [
    {
      ...lifecycle('decision', 'validate_action'),
      decision: { outcome: 'deny', by: 'policy', policy_ids: ['a'], reason: 'No.' },
      status: 'unknown',
    },
    'Policy a would have denied Bash (rm -rf src): No.',
    'ポリシー a が Bash（rm -rf src）を拒否（観察のみ）：No.',
  ],
  [
    {
      ...lifecycle('decision', 'validate_action'),
      decision: { outcome: 'escalate', by: 'policy', policy_ids: ['a'], reason: 'Final.' },
      status: 'escalated',
    },
    'Policy a asked for approval of Bash (rm -rf src): Final.',
    'ポリシー a が Bash（rm -rf src）を人の承認へ回付：Final.',
  ],
  [
    {
      ...lifecycle('decision', 'validate_action'),
      decision: {
        ...{ outcome: 'permit', by: 'policy', policy_ids: ['base'], approver: 'kim' },
        reason: 'kim approved it: It is old.',
      },
    },
    'Policy base permitted Bash (rm -rf src), which kim approved: It is old.',
    'ポリシー base が Bash（rm -rf src）を許可（kim が承認済み）：It is old.',
  ],
  [
    {
      ...lifecycle('approval', 'request_approval'),
      decision: { outcome: 'escalate', by: 'policy', policy_ids: ['a'], reason: 'Final.' },
      status: 'escalated',
    },
    'Approval of Bash (rm -rf src) was asked for: Final.',
    'Bash（rm -rf src）の承認を申請：Final.',
  ],
  [
    {
      ...lifecycle('approval', 'approve'),
      decision: { outcome: 'permit', by: 'human', approver: 'kim', reason: 'It is old.' },
      status: 'escalated',
    },
    'kim approved Bash (rm -rf src), more have to approve: It is old.',
    'kim が Bash（rm -rf src）を承認（ほかの人の承認も必要）：It is old.',
  ],
  [
    {
      ...lifecycle('approval', 'deny'),
      decision: { outcome: 'deny', by: 'human', approver: '田中', reason: '不要です' },
      status: 'blocked',
    },
    '田中 denied Bash (rm -rf src): 不要です',
    '田中が Bash（rm -rf src）を拒否：不要です',
  ],
  [
    {
      ...lifecycle('approval', 'deny'),
      decision: { outcome: 'deny', by: 'config', reason: 'Nobody decided in time.' },
      status: 'blocked',
    },
    'Bash (rm -rf src) was not approved: Nobody decided in time.',
    'Bash（rm -rf src）は承認されずに終了：Nobody decided in time.',
  ],
  [
    { type: 'task', tool: 'declare_task', task_id: 't-1', attributes: CLEAN_UP },
    'Task declared: Clean up.',
    'タスク宣言：Clean up.',
  ],
  [
    {
      type: 'task',
      tool: 'close_task',
      task_id: 't-1',
      arguments: { outcome: 'failed', summary: 'It hung.' },
      attributes: CLEAN_UP,
    },
    'Task closed (failed): Clean up. — It hung.',
    'タスク終了（失敗）：Clean up.（要約：It hung.）',
  ],
  [
    {
      type: 'task',
      tool: 'rollback',
      operation: 'plan',
      detail: 'kim planned it.',
      attributes: { claw: { rollback: { by: 'kim', steps: [{}, {}] } } },
    },
    'kim planned a rollback of 2 steps',
    'kim がロールバックを計画（2 件）',
  ],
  [
    {
      type: 'file_operation',
      tool: 'rollback',
      operation: 'restore',
      path: '/w/a',
      status: 'blocked',
      detail: 'It was changed since.',
    },
    'Rollback of /w/a (restore) was blocked: It was changed since.',
    'ロールバック /w/a（復元）：ブロック：It was changed since.',
  ],
  [{ type: 'approval', tool: 'deploy' }, 'Approval of deploy is awaited', 'deploy の承認待ち'],
  [{ type: 'session', operation: 'start' }, 'Session started', 'セッション開始'],
  [
    { type: 'session', operation: 'end', detail: 'logout' },
    'Session ended: logout',
    'セッション終了：logout',
  ],
  [
    {
      type: 'access',
      user: { id: 'auditor' },
      tool: 'logs.search',
      arguments: { query: 'tool:x' },
    },
    'auditor read the trail: logs.search tool:x',
    'auditor が監査証跡を閲覧：logs.search tool:x',
  ],
  [
    {
      type: 'gap',
      tool: 'Bash',
      detail: 'The model asked for Bash; the runtime never recorded the call.',
      attributes: { coverage: { kind: 'not_recorded' } },
    },
    'Gap in the record: the model asked for Bash, the runtime never recorded it',
    '記録の欠落：モデルが要求した Bash を実行環境が記録していません',
  ],
  [
    { type: 'gap', detail: '3 events dropped' },
    'Gap in the record: 3 events dropped',
    '記録の欠落：3 events dropped',
  ],
];

for (const [event, english, japanese] of told) {
  test(`it says: ${english}`, () => {
    assert.equal(sentence(event, 'en'), english);
    assert.equal(sentence(event, 'ja'), japanese);
  });
}

const nasty = fc.string({ unit: 'binary', maxLength: 600 });
const event: fc.Arbitrary<Told> = fc.record(
  {
    type: fc.constantFrom(...TYPES),
    user: fc.record({ id: nasty }),
    content: nasty,
    detail: nasty,
    tool: nasty,
    arguments: fc.anything(),
    resources: fc.array(
      fc.record({ kind: nasty, id: nasty, access: fc.constant('read' as const) }),
    ),
    status: fc.constantFrom(...STATUSES),
    action: fc.constantFrom(...ACTIONS),
    operation: fc.oneof(nasty, fc.constantFrom('start', 'end', '__proto__', 'toString')),
    error: fc.record({ message: nasty }),
    decision: fc.record({
      outcome: fc.constantFrom(...OUTCOMES),
      policy_ids: fc.array(nasty),
      reason: nasty,
    }),
    method: nasty,
    endpoint: nasty,
    path: nasty,
    duration_ms: fc.nat(),
  },
  { requiredKeys: ['type'] },
);

test('whatever was recorded, the sentence is one bounded line without a character that acts', () => {
  fc.assert(
    fc.property(event, fc.constantFrom<Language>('en', 'ja'), (recorded, language) => {
      const said = sentence(recorded, language);
      assert.ok(said.length > 0 && said.length <= SENTENCE_CHARS);
      assert.doesNotMatch(said, /[\p{Cc}\p{Cs}\u2028\u202e]/u);
    }),
    { numRuns: 500 },
  );
});

test('a message of the runtime to its agent is not told as what a user asked', () => {
  const notice = {
    type: 'prompt',
    channel: 'task_notification',
    content: '<task-notification>',
    detail: 'Claude Code reports on a background task; no user wrote this.',
    user: { id: 'jane' },
  } as const;
  for (const language of ['en', 'ja'] as const) {
    assert.doesNotMatch(sentence(notice, language), /jane/);
    assert.match(sentence(notice, language), /background task/);
  }
});
