/** A small agent that writes, edits and deletes files, with records in Claude Code's own form. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Deed } from '../../src/search/rollback/plan.ts';

export type Agent = ReturnType<typeof openAgent>;

/** Its calls are rows; what it reads is remembered, as the trail would tell. */
export function openAgent(root: string) {
  const deeds: Deed[] = [];
  const existed = new Set<string>();
  const touched = new Set<string>();
  const done = (tool: string, args: unknown, result: unknown) => {
    const index = deeds.length;
    const at = new Date(1_800_000_000_000 + index).toISOString();
    deeds.push({
      id: `00000000-0000-7000-8000-${String(index).padStart(12, '0')}`,
      ...{ time: at, recorded_at: at, type: 'tool_call', tenant_id: 'default' },
      ...{ session_id: 's', call_id: `call-${index}`, index, status: 'success', tool },
      ...{ action: 'write', arguments: args, result, attributes: { cwd: root } },
    });
  };
  const before = (path: string): string | null => {
    if (!existsSync(path)) return null;
    if (!touched.has(path)) existed.add(path);
    const text = readFileSync(path, 'utf8');
    return text === '' ? null : text;
  };
  return {
    deeds,
    existed,
    write: (name: string, content: string) => {
      const file_path = join(root, name);
      const originalFile = before(file_path);
      touched.add(file_path);
      mkdirSync(dirname(file_path), { recursive: true });
      writeFileSync(file_path, content);
      const type = originalFile === null ? 'create' : 'update';
      const result = { type, filePath: file_path, content, structuredPatch: [], originalFile };
      done('Write', { file_path, content }, result);
    },
    edit: (name: string, old_string: string, new_string: string) => {
      const file_path = join(root, name);
      const originalFile = before(file_path);
      if (originalFile?.split(old_string).length !== 2) return;
      touched.add(file_path);
      writeFileSync(
        file_path,
        originalFile.replace(old_string, () => new_string),
      );
      const strings = { oldString: old_string, newString: new_string };
      const result = { filePath: file_path, ...strings, originalFile, replaceAll: false };
      done('Edit', { file_path, old_string, new_string }, result);
    },
    /** Of a file that it wrote before: else nobody would know what was in it. */
    remove: (name: string) => {
      const path = join(root, name);
      if (!touched.has(path) || !existsSync(path)) return;
      rmSync(path);
      const command = `*** Begin Patch\n*** Delete File: ${name}\n*** End Patch\n`;
      done('apply_patch', { command }, 'Exit code: 0\nSuccess.');
    },
  };
}
