/** Every tool of Claw's MCP server. */
import type { Route } from '../route.ts';
import { GOVERNING } from './governing.ts';
import { READING } from './reading.ts';
import { type Tool, toolOf } from './tool.ts';

/** Those whose route is in the table. */
export function toolsOf(routes: readonly Route[]): readonly Tool[] {
  return [...GOVERNING, ...READING].flatMap((spec) => {
    const route = routes.find(({ method, path }) => `${method} ${path}` === spec.route);
    return route ? [toolOf(spec, route)] : [];
  });
}
