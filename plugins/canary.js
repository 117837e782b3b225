// Hands records to an installed plugin as its runtime would: canary.js RUNTIME FILE [CONFIG], with
// a line of JSON for each record on standard input. Ends when the plugin has sent them.
import { pathToFileURL } from 'node:url';

/** @typedef {{ hook: string, input?: any, output?: any, event?: any, ctx?: any }} Record */

const [, , runtime = '', file = '', config = '{}'] = process.argv;
const plugin = await import(pathToFileURL(file).href);
const call = runtime === 'openclaw' ? openclaw(JSON.parse(config)) : await opencode();
for (const line of (await standardInput()).split('\n').filter((text) => text !== '')) {
  // Where calls are held to decisions this one may be held back: that is recorded as well.
  await call(JSON.parse(line)).catch(() => {});
}

async function opencode() {
  const hooks = await plugin.Claw();
  return async (/** @type {Record} */ { hook, input, output }) => {
    await hooks[hook](input, output);
  };
}

/** @param {object} pluginConfig */
function openclaw(pluginConfig) {
  /** @type {{ name: string, handler: (event: any, ctx: any) => unknown }[]} */
  const handlers = [];
  const on = (/** @type {string} */ name, /** @type {any} */ handler) =>
    handlers.push({ name, handler });
  plugin.register({ pluginConfig, on });
  return async (/** @type {Record} */ { hook, event, ctx }) => {
    for (const { name, handler } of handlers) if (name === hook) await handler(event, ctx);
  };
}

async function standardInput() {
  let text = '';
  for await (const chunk of process.stdin) text += String(chunk);
  return text;
}
