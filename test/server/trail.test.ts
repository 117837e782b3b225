/** The HTTP face over the real trail: files, SQLite, keys, checkpoints. */
import { newPlace } from '../trail/place.ts';
import { serverSuite } from './suite.ts';

serverSuite('over files', async () => {
  const place = newPlace();
  const trail = await place.open();
  return { ...trail, close: place.clear };
});
