/** Tells secrets by their own forms, and the files that usually hold them by their names. */
import { posix } from 'node:path';

/** Forms that their issuers chose so that scanners find them; none may backtrack. */
const FORMS: readonly RegExp[] = [
  /-----BEGIN (?:[A-Z]{1,20} ){0,3}PRIVATE KEY-----/,
  /\bAKIA[0-9A-Z]{16}\b/,
  /\bgh[opsur]_[A-Za-z0-9]{36}/,
  /\bgithub_pat_[A-Za-z0-9_]{22}/,
  /\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{20}/,
  /\bxox[abeoprs]-[A-Za-z0-9-]{10}/,
  /\bAIza[0-9A-Za-z_-]{35}/,
  /\bclaw_[A-Za-z0-9_-]{43}/,
  /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\./,
];

export function holdsSecret(text: string): boolean {
  return FORMS.some((form) => form.test(text));
}

const NAMES = new Set(
  (
    '.netrc _netrc .npmrc .pypirc .pgpass .git-credentials .htpasswd .vault-token .envrc' +
    ' credentials credentials.json credentials.yml.enc application_default_credentials.json' +
    ' service-account.json serviceaccount.json token.json master.key shadow gshadow' +
    ' kubeconfig secrets.json secrets.yml secrets.yaml secrets.toml auth.json'
  ).split(' '),
);
const EXTENSIONS = new Set('pem key p12 pfx jks keystore kdbx ppk asc gpg'.split(' '));
/** Folders of which every file is one, but for what is public in them. */
const FOLDERS = ['.ssh', '.gnupg', '.aws', '.azure', '.kube'];
const PUBLIC =
  /^(known_hosts|authorized_keys|config|cache|.*\.pub|.*public.*|ca-?(cert|bundle).*)$/;
const EXAMPLE = /\.(example|sample|template|dist|test|schema|defaults)$/;

/** By the path alone: nothing is read. */
export function isSecretFile(path: string): boolean {
  const name = posix.basename(path).toLowerCase();
  if (PUBLIC.test(name) && !name.startsWith('.env')) return kubeConfig(path, name);
  if (/^\.env(\..*)?$/.test(name)) return !EXAMPLE.test(name);
  if (NAMES.has(name) || /^id_(rsa|dsa|ecdsa|ed25519)(_sk)?$/.test(name)) return true;
  if (EXTENSIONS.has(posix.extname(name).slice(1))) return true;
  const folders = path.split('/').slice(0, -1);
  return FOLDERS.some((folder) => folders.includes(folder));
}

/** The one `config` that holds keys. */
function kubeConfig(path: string, name: string): boolean {
  return name === 'config' && path.includes('.kube/');
}
