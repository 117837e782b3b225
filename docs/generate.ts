/** Writes the documents that derive from the code (`npm run docs`); a test compares them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { jsonSchema } from '../src/event/schema.ts';
import { configurationReference } from './configuration.ts';
import { errorReference } from './error.ts';
import { eventReference } from './event.ts';
import { policyReference } from './policy.ts';
import { queryReference } from './query.ts';

/** A generated document: its path from the root of the repository, and its whole text. */
export type Document = { readonly path: string; readonly text: string };

export function documents(): readonly Document[] {
  return [
    { path: 'schema/event.schema.json', text: `${JSON.stringify(jsonSchema(), null, 2)}\n` },
    { path: 'docs/reference/event.md', text: eventReference() },
    { path: 'docs/reference/errors.md', text: errorReference() },
    { path: 'docs/reference/policy.md', text: policyReference() },
    { path: 'docs/reference/query.md', text: queryReference() },
    { path: 'docs/reference/configuration.md', text: configurationReference() },
  ];
}

if (import.meta.main) {
  for (const { path, text } of documents()) {
    const file = join(import.meta.dirname, '..', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    console.log(`wrote ${path}`);
  }
}
