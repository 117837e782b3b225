/** The latest twenty acts of a session, one line each: `node examples/sdk/audit-log.ts SESSION`. */
import { connect, renderTimeline } from 'claw';

const claw = connect(); // CLAW_URL and CLAW_TOKEN
const session_id = process.argv[2] ?? 'demo';

const entries = await claw.audit_log({ session_id, limit: 20 });
entries.forEach(renderTimeline);

await claw.close();
