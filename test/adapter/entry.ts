/** A record as the spool keeps it, told from others by its number. */
export const entry = (n: number) => ({
  runtime: 'claude-code',
  captured_at: `2026-11-21T12:00:00.${String(n).padStart(6, '0')}Z`,
  record: Buffer.from(JSON.stringify({ n })),
});
