/** Every tool of Claw's MCP server. */
import type { Route } from '../route.ts';
import { GOVERNING } from './governing.ts';
import { READING } from './reading.ts';
import { type Tool, toolOf } from './tool.ts';

/** Throws a RangeError for a tool whose route is not in the table. */
export function toolsOf(routes: readonly Route[]): readonly Tool[] {
  return [...GOVERNING, ...READING].map((spec) => toolOf(spec, routes));
}
