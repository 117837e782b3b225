/** Programs that fetch and send over the network. */
import { parseOptions, valuesOf } from './option.ts';
import { remote } from './plain.ts';
import { type Arg, type Call, type Handler, literal } from './scope.ts';
import { host, hostOf, type Touch, touch, url } from './target.ts';

export const FETCHERS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['curl', curl],
  ['wget', wget],
  ['http', httpie],
  ['https', httpie],
  ['aria2c', wget],
]);

const READ: Touch = { kind: 'file', access: 'read' };
const WRITE: Touch = { kind: 'file', access: 'write' };

/** curl 8: every option with a value. */
const CURL = valuesOf(
  'X H A e u m y Y z w C r b:cookie o:write c:write D:write K:read T:read E:read d:data F:form' +
    ' x:proxy Q t P request header user-agent referer user max-time connect-timeout retry' +
    ' retry-delay retry-max-time write-out range cookie:cookie output:write cookie-jar:write' +
    ' dump-header:write config:read upload-file:read cert:read key:read cacert:read capath:read' +
    ' data:data data-raw data-binary:data data-ascii:data data-urlencode:data json:data' +
    ' form:form form-string url:url proxy:proxy socks5:proxy resolve limit-rate max-redirs' +
    ' interface output-dir:dir unix-socket:read trace:write trace-ascii:write stderr:write' +
    ' ciphers tls-max max-filesize noproxy oauth2-bearer aws-sigv4 proto proto-redir engine' +
    ' netrc-file:read keepalive-time speed-time speed-limit time-cond url-query variable',
);

function curl(call: Call): undefined {
  const { shell, scope, words } = call;
  const { operands, options } = parseOptions(words, CURL);
  const targets = [...operands];
  const folder = options.findLast(({ name }) => name === 'output-dir')?.value;
  for (const { name, value } of options) {
    if (!value) continue;
    const what = CURL.get(name) ?? '';
    if (what === 'url') targets.push(value);
    else if (what === 'read') touch({ shell, scope }, value, READ);
    else if (what === 'write') touch({ shell, scope }, inside(folder, value), WRITE);
    else if (what === 'proxy') host(shell, { ...value, text: hostOf(value.text) ?? value.text });
    else if (what !== '') sent(call, value, what);
  }
  for (const target of targets) url(shell, target);
  const named = options.filter(({ name }) => name === 'O' || name === 'remote-name').length;
  const all = options.some(({ name }) => name === 'remote-name-all');
  for (const target of targets.slice(0, all ? targets.length : named)) {
    saved(call, target, folder);
  }
}

/** `-d @file`, `-F name=@file`, `--data-urlencode name@file`, `-b file`. */
function sent({ shell, scope }: Call, value: Arg, what: string): undefined {
  const { text } = value;
  const file =
    what === 'data'
      ? /^[\w.[\]-]*@(.+)$/s.exec(text)?.[1]
      : what === 'form'
        ? /^[^=]*=[@<]([^;,]+)/.exec(text)?.[1]
        : /[=;]/.test(text)
          ? undefined
          : text;
  if (file !== undefined) touch({ shell, scope }, { ...value, text: file }, READ);
}

/** `-O`: the last part of the URL, in the working folder. */
function saved({ shell, scope }: Call, target: Arg, folder: Arg | undefined): undefined {
  const path = target.text.replace(/^[a-z]+:\/\//i, '').replace(/[?#].*$/s, '');
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (!path.includes('/') || name === '') return;
  touch({ shell, scope }, inside(folder, { ...target, text: name }), WRITE);
}

function inside(folder: Arg | undefined, file: Arg): Arg {
  if (!folder || file.text.startsWith('/')) return file;
  return {
    text: `${folder.text}/${file.text}`,
    known: folder.known === 'all' ? file.known : 'part',
  };
}

const WGET = valuesOf(
  'O:write P:dir o:write a:write i:read t T w U Q A R D e l output-document:write' +
    ' directory-prefix:dir output-file:write input-file:read tries timeout wait user-agent' +
    ' user password header post-file:read body-file:read post-data body-data method level' +
    ' accept reject domains limit-rate load-cookies:read save-cookies:write ca-certificate:read' +
    ' certificate:read private-key:read execute d dir out',
);

function wget(call: Call): undefined {
  const { shell, scope, words } = call;
  const { operands, options } = parseOptions(words, WGET);
  const folder = options.findLast(({ name }) => WGET.get(name) === 'dir')?.value;
  const output = options.findLast(({ name }) => name === 'O' || name === 'output-document')?.value;
  for (const { name, value } of options) {
    const what = WGET.get(name);
    if (value && what === 'read') touch({ shell, scope }, value, READ);
    if (value && what === 'write') touch({ shell, scope }, value, WRITE);
  }
  for (const target of operands) {
    url(shell, target);
    if (!output) saved(call, target, folder);
  }
  const deep = options.some(({ name }) => /^(r|m|p|recursive|mirror|page-requisites)$/.test(name));
  if (!deep || output) return;
  touch({ shell, scope }, folder ?? literal('.'), { kind: 'directory', access: 'write' });
}

const HTTPIE = valuesOf('a A o:write auth auth-type output:write timeout proxy verify session');

function httpie(call: Call): undefined {
  const { shell, scope, words } = call;
  const { operands, options } = parseOptions(words, HTTPIE);
  for (const { name, value } of options) {
    if (value && HTTPIE.get(name) === 'write') touch({ shell, scope }, value, WRITE);
  }
  const targets = operands.filter(({ text }) => !/^[A-Z]+$/.test(text));
  const [target, ...items] = targets;
  if (target) url(shell, target);
  for (const item of items) {
    const file = /^[^=@]+@(.+)$/s.exec(item.text)?.[1];
    if (file !== undefined) remote(call, { ...item, text: file }, 'read');
  }
}
