/** The memory engine passes the suite. */
import { openMemoryEngine } from '../../src/engine/memory.ts';
import { engineSuite } from './suite.ts';

engineSuite('memory engine', () => ({
  open: async (options) => openMemoryEngine(options),
  lasts: false,
  remove: () => undefined,
}));
