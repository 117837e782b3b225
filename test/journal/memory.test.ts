import { openMemoryJournal } from '../../src/journal/memory.ts';
import { journalSuite } from './suite.ts';

journalSuite('memory', async (_t, base) => openMemoryJournal({ base }));
