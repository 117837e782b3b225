/** Containers and clusters: commands in them, files in and out of them. */
import { has, lastValue, parseOptions, valuesOf } from './option.ts';
import { type Arg, type Call, fork, type Handler } from './scope.ts';
import { remoteOf, touch } from './target.ts';

export const CONTAINERS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['docker', docker],
  ['podman', docker],
  ['nerdctl', docker],
  ['docker-compose', compose],
  ['kubectl', kubectl],
  ['oc', kubectl],
]);

const GLOBAL = valuesOf('H host c context l log-level config');
const VALUES = valuesOf(
  'e u w:dir v:mount p env user workdir env-file:read volume:mount mount publish name network' +
    ' entrypoint label l m memory cpus platform hostname h device add-host cap-add cap-drop' +
    ' restart ulimit tmpfs security-opt pull gpus runtime shm-size f:read file:read tag' +
    ' build-arg target o:write output filter format n tail since signal s time',
);
const BUILD = new Map([...VALUES, ['t', '']]);
/** Elsewhere `-f` is `--force`, `--follow` or a filter. */
const ACTS = new Map([...VALUES].filter(([name]) => name !== 'f' && name !== 'v' && name !== 'l'));
const REMOVES = new Set(['rm', 'rmi', 'kill', 'stop', 'prune']);
const FETCHES = new Set(['pull', 'push', 'login']);
const QUIET = new Set([
  'ps',
  'images',
  'logs',
  'inspect',
  'version',
  'info',
  'stats',
  'top',
  'port',
]);
const GROUPS = new Set(['container', 'image', 'volume', 'network', 'system', 'builder']);

function docker(call: Call): undefined {
  const global = parseOptions(call.words, GLOBAL, { first: true }).operands;
  const [name, ...rest] = GROUPS.has(global[0]?.text ?? '') ? global.slice(1) : global;
  if (!name) return;
  const first = name.text === 'exec' || name.text === 'run' || name.text === 'create';
  const values = name.text === 'build' ? BUILD : first ? VALUES : ACTS;
  const parsed = parseOptions(rest, values, first ? { first } : {});
  const at = { ...call, name: name.text, words: parsed.operands };
  for (const option of parsed.options) {
    if (option.value && VALUES.get(option.name) === 'mount') mounted(call, option.value);
    if (option.value && /^(f|file|env-file)$/.test(option.name)) {
      touch(call, option.value, { kind: 'file', access: 'read' });
    }
  }
  if (name.text === 'compose') return compose({ ...call, words: rest });
  if (first) return inContainer(at, lastValue(parsed, 'w workdir'));
  if (name.text === 'cp') return copied(at);
  if (name.text === 'build') return built(at);
  acted(at);
}

/** `-v /host:/inside`: the host's folder may be written. */
function mounted({ shell, scope }: Call, value: Arg): undefined {
  const [from = '', , mode] = value.text.split(':');
  const source = { ...value, text: from };
  if (!/^[/.~$]/.test(from)) return;
  const access = mode?.split(',').includes('ro') ? 'read' : 'write';
  touch({ shell, scope }, source, { kind: 'directory', access });
}

/** Paths inside are shown as `container:/path`. */
function inContainer(call: Call, folder: Arg | undefined): undefined {
  const { words, scope, shell, name } = call;
  const [target, ...command] = words;
  if (!target) return;
  const image = name === 'exec' ? 'container' : 'image';
  shell.trace.add('other', `${image} ${target.text}`, 'execute');
  if (command.length === 0) {
    shell.trace.doubt(0.5, `what ${target.text} runs is not known`);
    return;
  }
  const cwd = folder?.known === 'all' && folder.text.startsWith('/') ? folder.text : undefined;
  shell.runWords(command, fork(scope, { place: `${target.text}:`, cwd, variables: new Map() }));
}

function copied(call: Call): undefined {
  const [from, to] = call.words;
  if (from) moved(call, from, 'read');
  if (to) moved(call, to, 'write');
}

/** `container:/path` or a path here. */
function moved({ shell, scope }: Call, arg: Arg, access: 'read' | 'write'): undefined {
  if (remoteOf(arg)) shell.trace.add('file', arg.text, access);
  else touch({ shell, scope }, arg, { kind: 'file', access });
}

function built({ words, scope, shell }: Call): undefined {
  const [folder] = words;
  if (folder) touch({ shell, scope }, folder, { kind: 'directory', access: 'read' });
  shell.trace.doubt(0.5, 'what the build runs is not known');
}

function acted({ name, words, shell }: Call): undefined {
  if (QUIET.has(name)) return;
  const access = REMOVES.has(name) ? 'delete' : FETCHES.has(name) ? 'network' : undefined;
  if (access) for (const { text } of words) shell.trace.add('other', `container ${text}`, access);
  else shell.trace.doubt(0.5, `what docker ${name} does is not known`);
}

function compose({ words, shell, scope }: Call): undefined {
  const { operands, options } = parseOptions(words, valuesOf('f:read file:read p'), {
    first: true,
  });
  for (const { value, name } of options) {
    if (value && name !== 'p') touch({ shell, scope }, value, { kind: 'file', access: 'read' });
  }
  const [name, ...rest] = operands;
  if (!name || /^(ps|logs|config|images|top|port|version|ls)$/.test(name.text)) return;
  if (name.text === 'exec' || name.text === 'run') {
    const inner = parseOptions(rest, VALUES, { first: true }).operands;
    return inContainer({ name: 'exec', words: inner, scope, shell }, undefined);
  }
  shell.trace.add('command', `docker compose ${name.text}`, 'execute');
  shell.trace.doubt(0.5, `what docker compose ${name.text} does is not known`);
}

const KUBECTL = valuesOf(
  'n namespace c container f:read filename:read k l o context kubeconfig:read s',
);

const CHANGES = new Set(
  (
    'apply create edit patch replace scale set label annotate rollout run expose taint cordon' +
    ' uncordon'
  ).split(' '),
);

function kubectl(call: Call): undefined {
  const { words, shell, scope } = call;
  const split = words.findIndex(({ text }) => text === '--');
  const parsed = parseOptions(split < 0 ? words : words.slice(0, split), KUBECTL);
  const [name, ...rest] = parsed.operands;
  if (!name) return;
  const file = lastValue(parsed, 'f filename kubeconfig');
  if (file) touch({ shell, scope }, file, { kind: 'file', access: 'read' });
  if (name.text === 'exec') {
    const command = split < 0 ? rest.slice(1) : words.slice(split + 1);
    return inContainer(
      { ...call, name: 'exec', words: [...rest.slice(0, 1), ...command] },
      undefined,
    );
  }
  if (name.text === 'cp') return copied({ ...call, words: rest });
  const removes = name.text === 'delete' || name.text === 'drain';
  if (removes && !has(parsed, 'dry-run')) {
    shell.trace.add('other', rest.map(({ text }) => text).join(' ') || 'cluster', 'delete');
  } else if (CHANGES.has(name.text)) {
    shell.trace.add('other', `cluster ${rest.map(({ text }) => text).join(' ')}`.trim(), 'write');
  }
}
