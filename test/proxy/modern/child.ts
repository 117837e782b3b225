/** The modern server over stdio. */
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { modernServer } from './server.ts';

serveStdio(modernServer);
