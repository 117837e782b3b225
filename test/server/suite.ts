/** What the HTTP face promises, whatever trail is behind it: one call a kind of trail. */
import type { Trail } from '../../src/trail/trail.ts';
import { accessSuite } from './access-suite.ts';
import { documentSuite } from './document-suite.ts';
import { hostileSuite } from './hostile-suite.ts';
import { ingestSuite } from './ingest-suite.ts';
import { operateSuite } from './operate-suite.ts';
import { readSuite } from './read-suite.ts';
import { streamSuite } from './stream-suite.ts';

/** Each test opens a trail of its own; `openTrail` gives an empty one. */
export type OpenTrail = () => Promise<Trail>;

export function serverSuite(name: string, openTrail: OpenTrail): void {
  ingestSuite(name, openTrail);
  accessSuite(name, openTrail);
  readSuite(name, openTrail);
  streamSuite(name, openTrail);
  documentSuite(name, openTrail);
  operateSuite(name, openTrail);
  hostileSuite(name, openTrail);
}
