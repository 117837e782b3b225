/** The HTTP face over a trail in memory. */
import { openMemoryTrail } from './memory-trail.ts';
import { serverSuite } from './suite.ts';

serverSuite('over memory', openMemoryTrail);
