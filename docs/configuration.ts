/** The reference of settings, from the one schema that reads them. */
import { z } from 'zod';
import { configSchema } from '../src/trail/config.ts';
import { GENERATED, table } from './markdown.ts';

export function configurationReference(): string {
  const { properties = {} } = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' });
  const rows = Object.entries(properties).map(([name, about]) => {
    const { default: fallback, description = '' } = about as {
      default?: unknown;
      description?: string;
    };
    const shown = fallback === undefined ? '' : `\`${String(fallback)}\``;
    return [`\`${name}\``, `\`CLAW_${name.toUpperCase()}\``, shown, description];
  });
  return `${GENERATED}
# Configuration

A setting is read from \`claw.config.json\` in the working directory (or \`--config FILE\`), then
from the environment, then from the command line's flags; the last one wins. A setting that Claw
does not know is refused by name.

\`\`\`json
{ "data": "/var/lib/claw", "port": 4620, "checkpoint_interval_ms": 1000 }
\`\`\`

${table(['in the file', 'in the environment', 'default', 'meaning'], rows)}
`;
}
