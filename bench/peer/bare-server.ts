/** The least that a durable answer over HTTP costs: 5 KB appended for each request. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { groupCommit } from '../../src/journal/group.ts';
import { realDisk } from '../../src/store/disk.ts';
import { emptyLog } from '../disk.ts';

/** As many bytes as the record of a decision has, and about as many as its answer. */
const RECORD = Buffer.alloc(5000, 1);
const ANSWER = JSON.stringify({ outcome: 'permit', reason: 'x'.repeat(700) });

const [path = ''] = process.argv.slice(2);
const file = await emptyLog(path);
let at = 0;
const { push } = groupCommit<{ readonly bytes: number }>(
  async (group) => {
    const records = group.map(() => RECORD);
    await realDisk.append(file, records, at);
    at += records.length * RECORD.length;
  },
  { committed: () => undefined, refused: () => undefined },
);

const server = createServer((request, response) => {
  request.resume().on('end', async () => {
    await push({ bytes: RECORD.length });
    response.setHeader('content-type', 'application/json');
    response.setHeader('content-length', ANSWER.length);
    response.end(ANSWER);
  });
});
// The client's connections rest between bursts: one that is closed just then would lose a request.
server.keepAliveTimeout = 0;
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}`, token: '' })}\n`);
});
