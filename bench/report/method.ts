/** How the figures came about, in the words of RESULTS.md. */

export const METHOD = `## How it is measured
- Through the real server and command line, over HTTP on loopback, on a machine that other work
  may share: read ratios within one run rather than single figures. Client and server share its
  cores.
- Events: \`bench/generate.ts\`, seeded: 50 tenants and 500 agents (Zipf), sessions of about 100
  events, calls as two facts, words by Zipf's law, a tenth in Japanese, 260 bytes to 64 KB with a
  median of 650, spread over a month. They are written to a file before anything is measured.
- Single events: an open loop at 1,000 requests/s over kept connections, each measured from its
  sending; 2,000 requests warm up. Peers commit one event after another, in the caller's process
  (SQLite, pino) or over their own socket (PostgreSQL).
- Batches: rounds of 20,000 events on eight connections, the median of four, after one to warm up.
  A batch holds what some twenty tenants did in the same moment, as a collector's would.
- Sustained: all events on eight connections; the client waits while the index is more than 50,000
  events behind; the clock stops when tree and index have read everything.
- Searches: up to 200 questions a kind, each with the parameters of another event of the trail, in
  the tenant of that event. Claw's answers are unsealed, and each reading is itself recorded.
- Peers: SQLite in the caller's process with FTS5 and four indexes (\`synchronous=FULL\`), a commit
  for each 100; PostgreSQL on four connections with the same indexes, a GIN index over words and a
  trigram index over resources. Neither encrypts, signs or proves anything, and a call is two rows.
- pino writes in the caller's own process: no server, no network, no index, no proof.
- Verification, reindex and start: the command as people type it, the start of its process
  included.`;
