/** Text that a runtime puts among the user's words: what the model is given, but nobody typed. */

/** How such a text begins, by runtime. */
const MARKS: ReadonlyMap<string, readonly string[]> = new Map([
  ['claude-code', ['<system-reminder>', '<local-command-caveat>', '<task-notification>']],
  ['codex', ['<environment_context>', '<user_instructions>', '# AGENTS.md instructions']],
  ['gemini', ['<session_context>']],
  ['openclaw', ['<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>']],
]);

/** Whoever types such a mark is still recorded: as context, under the session. */
export function isContext(runtime: string | undefined, text: string): boolean {
  const start = text.slice(0, 100).trimStart();
  return (MARKS.get(runtime ?? '') ?? []).some((mark) => start.startsWith(mark));
}
