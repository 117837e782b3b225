// Hands records to an installed plugin as its runtime would: canary.js RUNTIME FILE [CONFIG], with
// a line of JSON for each record on standard input. Ends when the plugin has sent them.
import { pathToFileURL } from 'node:url';

/** @typedef {{ hook: string, input?: any, output?: any, event?: any, ctx?: any }} Record */

const [, , runtime = '', file = '', config = '{}'] = process.argv;
const plugin = await import(pathToFileURL(file).href);
const call = runtime === 'openclaw' ? openclaw(JSON.parse(config)) : await opencode();
for (const line of (await standardInput()).split('\n').filter((text) => text !== '')) {
  await call(JSON.parse(line));
}

async function opencode() {
  const hooks = await plugin.Claw();
  return async (/** @type {Record} */ { hook, input, output }) => hooks[hook](input, output);
}

/** @param {object} pluginConfig */
function openclaw(pluginConfig) {
  const handlers = new Map();
  const on = (/** @type {string} */ hook, /** @type {unknown} */ handler) =>
    handlers.set(hook, handler);
  plugin.register({ pluginConfig, on });
  return async (/** @type {Record} */ { hook, event, ctx }) => handlers.get(hook)(event, ctx);
}

async function standardInput() {
  let text = '';
  for await (const chunk of process.stdin) text += String(chunk);
  return text;
}
