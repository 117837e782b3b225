/** Every setting, declared once: file, environment and flags are read through this schema. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { Fault } from '../fault/fault.ts';

const MIB = 1024 * 1024;
const size = (fallback: number, description: string) =>
  z.coerce.number().int().min(1024).default(fallback).meta({ description });
const whole = (fallback: number, description: string) =>
  z.coerce.number().int().min(1).default(fallback).meta({ description });
const flag = (description: string) =>
  z.union([z.boolean(), z.stringbool()]).default(false).meta({ description });

export const configSchema = z.strictObject({
  data: z.string().min(1).default('./data').meta({ description: 'The data folder.' }),
  host: z.string().min(1).default('127.0.0.1').meta({ description: 'Address to listen on.' }),
  port: z.coerce.number().int().min(0).max(65_535).default(4620).meta({
    description: 'Port to listen on; 0 takes any free one.',
  }),
  tls_cert: z.string().optional().meta({ description: 'Certificate file (PEM), for HTTPS.' }),
  tls_key: z.string().optional().meta({ description: 'Key file (PEM), for HTTPS.' }),
  allow_plain_http: flag('Listen without TLS on an address that is not loopback.'),
  ledger_public: flag('Serve tiles and checkpoints to anybody, without a token.'),
  origin: z
    .string()
    .regex(/^[^\s+]{1,200}$/, 'must hold no space and no +')
    .optional()
    .meta({ description: "First part of a new tenant's checkpoint origin." }),
  event_bytes: size(16 * MIB, 'Most bytes of one event, as JSON.'),
  inline_bytes: size(64 * 1024, 'Events above this keep their large values sealed apart.'),
  body_bytes: size(32 * MIB, 'Most bytes of one request, sent and unpacked.'),
  batch_events: whole(10_000, 'Most events of one request.'),
  inflight_bytes: size(64 * MIB, 'Most bytes of requests in work at once.'),
  queue_events: whole(50_000, 'Most events that wait for the disk at once.'),
  checkpoint_interval_ms: whole(1000, 'Time between signed checkpoints.'),
  heartbeat_interval_s: whole(300, 'A tenant silent for this long gets a heartbeat entry.'),
  call_timeout_s: whole(3600, 'A call without a result for this long becomes unknown.'),
  silent_s: whole(900, 'An agent that stops in the middle of its work for this long is silent.'),
  coverage_interval_s: z.coerce.number().int().min(0).default(60).meta({
    description: 'Time between checks of what was not seen; 0 checks only when asked.',
  }),
  journal_file_bytes: size(64 * MIB, 'Bytes of a journal file before the next one begins.'),
  archive_segment_bytes: size(32 * MIB, 'Journal bytes that are archived together.'),
  policies: z.string().min(1).optional().meta({
    description: 'Folder of *.cedar files that hold while a tenant has none of its own in force.',
  }),
  search_readers: whole(3, 'Most processes that answer searches at once.'),
  search_timeout_ms: whole(10_000, 'Longest time one search may take; then its work is ended.'),
});

export type Config = z.infer<typeof configSchema>;

export type ConfigInput = {
  /** What the command line gave, by the schema's names; undefined where it gave nothing. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Path of a configuration file that must exist. Else `claw.config.json`, where there is one. */
  readonly file?: string;
};

const FILE = 'claw.config.json';

/** Flags win over `CLAW_*`, which win over the file. Throws `config.invalid` with the field. */
export function loadConfig({ flags, env, file }: ConfigInput): Config {
  const values: Record<string, unknown> = readFile(file);
  for (const key of Object.keys(configSchema.shape)) {
    const given = flags[key] ?? env[`CLAW_${key.toUpperCase()}`];
    if (given !== undefined) values[key] = given;
  }
  const parsed = configSchema.safeParse(values);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const field = unknown ?? issue?.path.join('.') ?? '';
  const reason = unknown ? 'is no setting of Claw' : (issue?.message ?? 'is invalid');
  throw new Fault('config.invalid', `Setting ${field}: ${reason}.`, {
    field,
    hint: 'docs/reference/configuration.md lists every setting.',
  });
}

function readFile(file: string | undefined): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(file ?? FILE, 'utf8');
  } catch (cause) {
    if (file === undefined) return {};
    throw new Fault('config.invalid', `The configuration file ${file} cannot be read.`, { cause });
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Falls through to the one message for anything that is not a JSON object.
  }
  throw new Fault('config.invalid', `${file ?? FILE} does not hold a JSON object.`);
}
