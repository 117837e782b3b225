/** An agent of your own, recorded: a session, a wrapped tool, a call that policy blocked. */
import { connect } from 'claw';

const claw = connect({ agent: 'example-agent', user: 'ann' }); // CLAW_URL and CLAW_TOKEN
const session = claw.session({ channel: 'cli' });

const readFile = claw.wrapTool(async ({ path }: { path: string }) => `contents of ${path}`, {
  name: 'read_file',
  session,
});

session.prompt('Send the report to Bob.');
await readFile({ path: '/reports/january.md' });
session
  .start('send_email', { to: 'bob@example.com' })
  .blocked('Mail to outside needs an approval.', { policy_id: 'no-outside-mail' });
session.output('I may not send that without an approval.', { tokens: 42, model: 'example-model' });
session.end();

await claw.close();
console.log(session.session_id);
