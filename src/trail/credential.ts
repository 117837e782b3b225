/** Who may record, read and administer: bearer tokens, kept as hashes in one file of mode 0600. */
import { hash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { DEFAULT_TENANT, NAME_CHARS, TENANT } from '../event/event.ts';
import { type Entropy, uuidv7 } from '../event/id.ts';
import { Fault } from '../fault/fault.ts';
import { readPrivate, replacePrivate } from './private-file.ts';

/**
 * `recorder` writes events and asks for decisions, `viewer` reads its tenant, `approver` reads and
 * decides on approvals, `admin` may do all of that and manages tokens and policies.
 */
const ROLES = ['recorder', 'viewer', 'approver', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Tokens that one installation may hold. */
const CREDENTIALS = 10_000;
/** A tenant that stands for all of them: an operator's. */
export const ANY_TENANT = '*';

const word = z.string().min(1).max(NAME_CHARS);
const agent = z.strictObject({
  id: word.optional(),
  name: word.optional(),
  version: word.optional(),
  runtime: word.optional(),
});
const user = z.strictObject({ id: word.optional(), name: word.optional() });

/** What a new token is for; a plain word for agent or user is its id. */
export const newCredentialSchema = z.strictObject({
  name: word.meta({ description: 'What people call it; shows up as the user of what it reads.' }),
  role: z.enum(ROLES),
  tenant: z
    .union([z.literal(ANY_TENANT), z.string().regex(TENANT, 'must match [a-z0-9][a-z0-9_-]{0,62}')])
    .optional()
    .meta({ description: 'Its tenant, or * for an operator (admin only).' }),
  agent: z.union([word, agent]).optional(),
  user: z.union([word, user]).optional(),
  environment: word.optional(),
});

export const credentialSchema = z.looseObject({
  id: word,
  name: word,
  role: z.enum(ROLES),
  tenant: z.union([z.literal(ANY_TENANT), z.string().regex(TENANT)]),
  agent: agent.optional(),
  user: user.optional(),
  environment: word.optional(),
  created_at: z.iso.datetime(),
  last_used: z.iso.datetime().optional(),
});

const storedSchema = credentialSchema.extend({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  token: z.string().optional(),
});
const fileSchema = z.looseObject({ version: z.literal(1), tokens: z.array(storedSchema) });

type Stored = z.infer<typeof storedSchema>;
type CredentialFile = z.infer<typeof fileSchema>;

export type Credential = {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** A tenant's name, or `*` for an operator. */
  readonly tenant: string;
  readonly agent?: z.infer<typeof agent>;
  readonly user?: z.infer<typeof user>;
  readonly environment?: string;
  readonly created_at: string;
  readonly last_used?: string;
};

export type NewCredential = z.infer<typeof newCredentialSchema>;

export type Credentials = {
  /** The file was made now, with an administrator: print `token` once. */
  readonly created: boolean;
  /** The first administrator's token, kept so that `clawctl` on this machine can use it. */
  readonly token: string | undefined;
  /** Others could read the file; its mode is 0600 again, but its tokens may have been seen. */
  readonly repaired: boolean;
  /** Whose token it is, in constant time. */
  readonly authenticate: (token: string) => Credential | undefined;
  /** Durable when it resolves. The token is in no other answer. Throws `request.invalid`. */
  readonly create: (request: NewCredential) => Promise<{ token: string; credential: Credential }>;
  readonly list: () => readonly Credential[];
  /** Throws `token.not_found`, `token.last_admin`. */
  readonly revoke: (id: string) => Promise<Credential>;
  /** Writes down when tokens were last used, where that changed. */
  readonly flush: () => Promise<void>;
};

export type CredentialsOptions = {
  readonly path: string;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly entropy: Entropy;
};

type Known = { readonly stored: Stored; readonly digest: Buffer };

type State = {
  readonly options: CredentialsOptions;
  file: CredentialFile;
  /** Tokens by the first bytes of their hash; comparing the whole is done in constant time. */
  byHash: ReadonlyMap<number, readonly Known[]>;
  /** Uses that the file does not hold yet. */
  stale: boolean;
};

/**
 * Opens `DATA/credentials.json`, or makes it with an operator's token. Throws `config.invalid` for
 * a damaged file, `data.newer` for one of a later version, `data.unwritable` and `data.full`.
 */
export async function openCredentials(options: CredentialsOptions): Promise<Credentials> {
  const found = await readPrivate(options.path);
  const state: State = {
    options,
    file: { version: 1, tokens: [] },
    byHash: new Map(),
    stale: false,
  };
  if (found) adopt(state, parse(found.text, options.path));
  else await add(state, { name: 'admin', role: 'admin', tenant: ANY_TENANT, keep: true });
  const queue = serial();
  return {
    created: !found,
    token: state.file.tokens.find((stored) => stored.token !== undefined)?.token,
    repaired: found?.repaired ?? false,
    authenticate: (token) => authenticate(state, token),
    create: (request) => queue(() => create(state, request)),
    list: () => state.file.tokens.map(shown),
    revoke: (id) => queue(() => revoke(state, id)),
    flush: () => queue(() => (state.stale ? save(state, state.file.tokens) : Promise.resolve())),
  };
}

function parse(text: string, path: string): CredentialFile {
  const value = json(text);
  if (typeof value === 'object' && value !== null && 'version' in value) {
    if (typeof value.version === 'number' && value.version > 1) {
      throw new Fault('data.newer', `${path} was written by a later version of Claw.`, {
        hint: 'Run that version, or a later one.',
      });
    }
  }
  const parsed = fileSchema.safeParse(value);
  const issue = parsed.success ? undefined : parsed.error.issues[0];
  const reason = issue ? `${issue.path.join('.') || 'the file'}: ${issue.message}` : undefined;
  if (!parsed.success) throw damaged(path, value === undefined ? 'it is not JSON' : (reason ?? ''));
  if (!parsed.data.tokens.some(isOperator)) throw damaged(path, 'it holds no operator');
  return parsed.data;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function damaged(path: string, reason: string): Fault {
  return new Fault('config.invalid', `${path} cannot be used: ${reason}.`, {
    field: 'credentials',
    hint: 'Restore it, or move it away: a new administrator is made, and other tokens end.',
  });
}

function authenticate(state: State, token: string): Credential | undefined {
  const given = sha256(token);
  const near = state.byHash.get(bucketOf(given)) ?? [];
  const match = near.find(({ digest }) => timingSafeEqual(digest, given));
  if (!match) return undefined;
  match.stored.last_used = new Date(state.options.now()).toISOString();
  state.stale = true;
  return shown(match.stored);
}

function sha256(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}

async function create(state: State, request: NewCredential) {
  const { agent: acting, user: behind, tenant = DEFAULT_TENANT, ...rest } = request;
  if (tenant === ANY_TENANT && request.role !== 'admin') {
    throw new Fault('request.invalid', 'Only an admin may have the tenant *.', { field: 'tenant' });
  }
  if (state.file.tokens.length >= CREDENTIALS) {
    throw new Fault('request.invalid', `There are ${CREDENTIALS} tokens already.`, {
      limit: CREDENTIALS,
      hint: 'Revoke those that are no longer used.',
    });
  }
  return add(state, {
    ...rest,
    tenant,
    ...(acting === undefined
      ? {}
      : { agent: typeof acting === 'string' ? { id: acting } : acting }),
    ...(behind === undefined ? {} : { user: typeof behind === 'string' ? { id: behind } : behind }),
  });
}

type Addition = Pick<Stored, 'name' | 'role' | 'tenant' | 'agent' | 'user' | 'environment'> & {
  readonly keep?: true;
};

async function add(state: State, { keep, ...addition }: Addition) {
  const { now, entropy } = state.options;
  const token = `claw_${Buffer.from(entropy(32)).toString('base64url')}`;
  const stored: Stored = {
    id: uuidv7(now(), entropy),
    ...addition,
    created_at: new Date(now()).toISOString(),
    sha256: sha256(token).toString('hex'),
    ...(keep ? { token } : {}),
  };
  await save(state, [...state.file.tokens, stored]);
  return { token, credential: shown(stored) };
}

async function revoke(state: State, id: string): Promise<Credential> {
  const { tokens } = state.file;
  const gone = tokens.find((stored) => stored.id === id);
  if (!gone) throw new Fault('token.not_found', 'There is no token with this id.', { field: 'id' });
  if (isOperator(gone) && tokens.filter(isOperator).length === 1) {
    throw new Fault('token.last_admin', 'The last operator cannot be revoked.', {
      field: 'id',
      hint: 'Create another admin with the tenant * first.',
    });
  }
  await save(
    state,
    tokens.filter((stored) => stored !== gone),
  );
  return shown(gone);
}

function isOperator(stored: Stored): boolean {
  return stored.role === 'admin' && stored.tenant === ANY_TENANT;
}

/** The state changes only when the file is durable: a failed write changes nothing. */
async function save(state: State, tokens: Stored[]): Promise<void> {
  const file = { ...state.file, tokens };
  await replacePrivate(state.options.path, `${JSON.stringify(file, null, 2)}\n`);
  adopt(state, file);
}

function adopt(state: State, file: CredentialFile): void {
  state.file = file;
  const known = file.tokens.map((stored) => ({
    stored,
    digest: Buffer.from(stored.sha256, 'hex'),
  }));
  state.byHash = Map.groupBy(known, ({ digest }) => bucketOf(digest));
  state.stale = false;
}

function bucketOf(digest: Buffer): number {
  return digest.readUInt32BE(0);
}

function shown(stored: Stored): Credential {
  const { id, name, role, tenant, created_at } = stored;
  return {
    id,
    name,
    role,
    tenant,
    ...(stored.agent && { agent: stored.agent }),
    ...(stored.user && { user: stored.user }),
    ...(stored.environment === undefined ? {} : { environment: stored.environment }),
    created_at,
    ...(stored.last_used === undefined ? {} : { last_used: stored.last_used }),
  };
}

/** Runs one change at a time, in order, whatever became of those before. */
function serial(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const next = last.then(task, task);
    last = next.catch(() => undefined);
    return next;
  };
}
