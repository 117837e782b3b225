import { openMemoryStore } from '../../src/store/memory.ts';
import { storeSuite } from './suite.ts';

storeSuite('memory', () => openMemoryStore());
