/** What each code of a fault means, in English; the fault's own message says the particulars. */

export const faults = {
  event: {
    invalid: 'Field {{field}} of the event is not valid.',
    too_large: 'The event is larger than the limit of {{limit}} bytes.',
    tenant_foreign: 'The event names a tenant that the token does not belong to.',
    reserved: 'The session of this event is kept for what Claw says of itself.',
    not_found: 'There is no such event.',
    erased: 'The content of this event was erased.',
  },
  session: { not_found: 'There is no such session.' },
  batch: {
    invalid: 'The batch cannot be read.',
    too_large: 'The batch is larger than the limit of {{limit}}.',
  },
  queue: { full: 'Too many events wait already; try again after {{retry_after_s}} s.' },
  query: {
    invalid: 'The query cannot be read (column {{column}}).',
    timeout: 'The query took too long.',
  },
  request: {
    invalid: 'The request is not valid ({{field}}).',
    unauthorised: 'The token is missing or not known to the server.',
    forbidden: 'The token may not do this.',
    not_found: 'The server has no such address.',
    method: 'The server does not take this method there.',
    timeout: 'The request took too long.',
    too_large: 'The request is larger than the limit of {{limit}} bytes.',
    unsupported: 'The server does not take this form of request.',
    too_many: 'Too many requests at once; try again after {{retry_after_s}} s.',
  },
  token: {
    not_found: 'There is no such token.',
    last_admin: 'The last administrator cannot be revoked.',
  },
  policy: {
    invalid: 'The policies are not valid ({{field}}).',
    not_found: 'There is no such policy version.',
  },
  task: {
    not_found: 'There is no such task.',
    exists: 'A task of this id was declared with something else.',
    closed: 'The task is closed: nothing more can be done in it.',
  },
  approval: {
    not_found: 'There is no such approval.',
    decided: 'The approval was decided before.',
    own: 'Nobody may approve what they asked for themselves.',
  },
  decision: { mismatch: 'This id was used for another action.' },
  rollback: {
    not_found: 'There is no such rollback.',
    conflict: 'This is not the rollback that was planned.',
  },
  govern: { too_many: 'Too many tasks or approvals are open (limit {{limit}}).' },
  action: { blocked: 'The action was blocked.' },
  adapter: { unknown: 'No adapter for this runtime.' },
  usage: { invalid: 'The command line is not valid.' },
  config: { invalid: 'The configuration is not valid ({{field}}).' },
  data: {
    locked: 'Another process uses the data folder.',
    newer: 'The data folder was written by a newer version of Claw.',
    missing: 'The data folder is not there.',
    full: 'The disk is full.',
    unwritable: 'The data folder cannot be written.',
    unreadable: 'The data folder cannot be read.',
  },
  server: {
    unreachable: 'The server does not answer.',
    closing: 'The server is closing.',
  },
  seal: {
    root_key: 'The root key does not fit this data folder.',
    broken: 'Sealed content does not open.',
  },
  journal: { damaged: 'The journal is damaged.' },
  store: { conflict: 'Something else wrote the same object at the same time.' },
  ledger: {
    cut: 'The trail was cut: it is shorter than its last checkpoint.',
    forked: 'The trail is not the one that its last checkpoint signed.',
    damaged: 'The ledger is damaged.',
    not_yet: 'No checkpoint covers this event yet; try again in a second.',
  },
  coverage: { incomplete: 'The trail of the session is not known to be complete.' },
  proof: { invalid: 'The proof does not hold.' },
  engine: { damaged: 'The search index is damaged; "clawctl reindex" rebuilds it.' },
  internal: { bug: 'Something failed inside Claw; this is a bug.' },
} as const;
