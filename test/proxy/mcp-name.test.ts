import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameOfCommand } from '../../src/proxy/mcp-name.ts';

test('a server without a name is called as its package or its file', () => {
  const names = [
    ['npx -y @modelcontextprotocol/server-filesystem /srv', 'server-filesystem'],
    ['npx -y @scope/tickets@1.2.3', 'tickets'],
    ['npx tickets@latest --verbose', 'tickets'],
    ['node /opt/weather/dist/index.js stdio', 'weather'],
    ['/usr/bin/env TOKEN=x python3 -m my_server', 'my_server'],
    ['uvx mcp-server-git --repository .', 'mcp-server-git'],
    ['/usr/local/bin/files.exe', 'files'],
    ['node index.js', 'index'],
    ['node', 'node'],
    ['--', '--'],
    ['', 'server'],
  ] as const;
  for (const [line, name] of names) assert.equal(nameOfCommand(line.split(' ')), name, line);
});
