/** What common programs do with their words: data, one line a family. */

/**
 * Uses of a word: `read`, `write`, `delete`, `execute` (a file), `dir`, `dir-write`, `dir-delete`,
 * `place` (read; a file or a folder), `url`, `host`, `remote`, `remote-write` (`host:path` or a
 * local path), `process`, `skip`.
 */
export type Program = {
  /** By position; one with `*` repeats, and what follows it counts from the end. */
  readonly operands?: string;
  /** Options that take a value, without dashes; `o:write` says what the value names. */
  readonly values?: string;
  /** Options that stand in for the first operand: `grep -e`. */
  readonly instead?: string;
  /** Options that make folders of the operands: `rm -r`. */
  readonly folders?: string;
  /** Options that change files in place: `sed -i`. */
  readonly writes?: string;
  /** Options under which files are only read: `gzip -c`. */
  readonly reads?: string;
  /** Options under which nothing is touched. */
  readonly idle?: string;
  /** Options that name the target, so that no operand is one: `cp -t`. */
  readonly targets?: string;
  /** Words that look like options and are operands: `chmod -x`. */
  readonly signs?: RegExp;
  /** Words that are one option and no letters of several: `kill -KILL`. */
  readonly switches?: RegExp;
  /** Scripts that do more than change what passes, which is not followed: `sed w`, `awk system`. */
  readonly effects?: RegExp;
  /** Where no operand is given: the working folder is read, always or with these options. */
  readonly alone?: true | string;
  /** What it does in a language of its own is not followed. */
  readonly opaque?: true;
  /** Its output is its input, in whole or in part. */
  readonly passes?: true;
};

const nothing: Program = {};
const readers: Program = { operands: 'read*' };
const writers: Program = { operands: 'write*' };

const FAMILIES: Readonly<Record<string, Program>> = {
  ': true false echo printf pwd exit return break continue shift sleep date whoami id uname':
    nothing,
  'hostname uptime free ps top htop jobs fg bg wait which type whereis hash seq yes tty': nothing,
  'logname groups locale tput clear reset history umask ulimit getconf nproc arch lsb_release':
    nothing,
  'vmstat iostat lscpu lsblk lsof mount printenv unset set shopt let [[ dirs': nothing,
  'cal bc expr factor tr rev banner figlet cowsay users w who last ipcs getent stty': nothing,
  'basename dirname ss netstat ifconfig ip route arp disown enable complete compgen bind': nothing,
  'cat tac': { ...readers, passes: true },
  xxd: { operands: 'read write', values: 'c g l o s' },
  'more bat nl od hexdump hd strings file stat readlink realpath cksum sum md5sum': {
    operands: 'read*',
    values: 'n N s j t c format printf l m e min-length o',
  },
  'sha1sum sha224sum sha256sum sha384sum sha512sum b2sum wc fold fmt expand unexpand column': {
    operands: 'read*',
    values: 'w s t c width',
  },
  'base64 base32 zcat bzcat xzcat zless ldd nm objdump readelf size identify exiftool': {
    operands: 'read*',
    values: 'w j M m',
  },
  'less view': { operands: 'read*', values: 'p' },
  'head tail': { operands: 'read*', values: 'n c s lines bytes pid', passes: true },
  'cut paste join comm': { operands: 'read*', values: 'd f b c t 1 2 j o e' },
  sort: { operands: 'read*', values: 'k t S T o:write output:write', passes: true },
  uniq: { operands: 'read write', values: 'f s w', passes: true },
  shuf: { operands: 'read', values: 'n i o:write', passes: true },
  'diff cmp sdiff diff3 colordiff': {
    operands: 'place*',
    values: 'U C x I W exclude label L i n from-file:read to-file:read',
  },
  'grep egrep fgrep zgrep': {
    operands: 'skip read*',
    values: 'e f:read A B C m d D regexp file:read include exclude exclude-dir max-count color',
    instead: 'e f regexp file',
    folders: 'r R recursive',
    alone: 'r R recursive',
  },
  'rg ag ack': {
    operands: 'skip place*',
    values: 'e f:read A B C m g t T j r M d glob type type-not max-count max-depth sort regexp',
    instead: 'e f regexp files',
    alone: true,
  },
  sed: {
    operands: 'skip read*',
    values: 'e f:read expression file:read l',
    instead: 'e f expression file',
    writes: 'i in-place',
    // `w file`, `r file`, `e command`, and the same as flags of `s`
    effects:
      /(^|[;{}\n/!\d$,|])[ \t]{0,20}[wWrRe][ \t]{1,20}\S|\/[gpIiMm\d]*[ew]([gpIiMm\d]*$|[\s;}])/,
  },
  'awk gawk mawk nawk': {
    operands: 'skip read*',
    values: 'F v i f:execute file:execute include',
    instead: 'f file',
    effects: /\bprintf?\b[^;}\n]{0,500}[>|]|\bsystem *\(|\bgetline\b|@(load|include)\b/,
  },
  jq: {
    operands: 'skip read*',
    values: 'indent f:read from-file:read L:dir',
    instead: 'f from-file',
  },
  yq: { operands: 'skip read*', values: 'o p I', writes: 'i inplace' },
  'ls dir vdir exa eza lsd': { operands: 'place*', values: 'I w T ignore sort time', alone: true },
  tree: { operands: 'dir*', values: 'L I P o:write', alone: true },
  'du df ncdu': { operands: 'place*', values: 'd max-depth B t x exclude', alone: true },
  'test [': { operands: '' },
  touch: { operands: 'write*', values: 't d r:read date reference:read' },
  'truncate fallocate': { operands: 'write*', values: 's r:read l o size reference:read' },
  mkdir: { operands: 'dir-write*', values: 'm mode' },
  'mkfifo mknod': { operands: 'write skip*', values: 'm' },
  rmdir: { operands: 'dir-delete*' },
  rm: { operands: 'delete*', folders: 'r R recursive' },
  'unlink shred srm': { operands: 'delete*', values: 'n s iterations size' },
  trash: { operands: 'delete*' },
  cp: {
    operands: 'read* write',
    values: 'S t:dir-write target-directory:dir-write suffix',
    folders: 'r R a recursive archive',
    targets: 't target-directory',
  },
  mv: {
    operands: 'delete* write',
    values: 'S t:dir-write target-directory:dir-write suffix',
    targets: 't target-directory',
  },
  install: {
    operands: 'read* write',
    values: 'm o g S t:dir-write mode owner group target-directory:dir-write',
    targets: 't target-directory',
  },
  'ln link': {
    operands: 'read* write',
    values: 'S t:dir-write target-directory:dir-write',
    targets: 't target-directory',
  },
  chmod: {
    operands: 'skip write*',
    values: 'reference:read',
    folders: 'R recursive',
    signs: /^-[rwxXstugo,=+-]+$/,
  },
  chattr: { operands: 'skip write*', folders: 'R', signs: /^-[aAcCdDeFijmPsStTux]+$/ },
  'chown chgrp setfacl chcon': {
    operands: 'skip write*',
    values: 'reference:read m x',
    folders: 'R recursive',
  },
  'tee sponge': { ...writers, passes: true },
  'split csplit': { operands: 'read write skip*', values: 'b l n a C' },
  'gzip gunzip bzip2 bunzip2 xz unxz zstd unzstd lz4': {
    operands: 'write*',
    values: 'S o:write T',
    reads: 'c stdout',
    idle: 'l list t test',
  },
  'dos2unix unix2dos': writers,
  // without a name, the patch says which files
  patch: { operands: 'write read', values: 'p i:read d:dir-write o:write F', opaque: true },
  'nano code subl': { operands: 'write*' },
  // their own commands may do anything
  'vim vi emacs ed ex': { operands: 'write*', values: 'c S u', opaque: true },
  mktemp: { operands: 'write', values: 'p:dir-write suffix', idle: 'u dry-run' },
  'ping ping6 traceroute tracepath mtr': { operands: 'host', values: 'c i w W s t I m q' },
  'dig nslookup drill': { operands: 'host skip*', values: 't p b k' },
  host: { operands: 'host skip*', values: 't c R W' },
  'whois ssh-copy-id': { operands: 'host', values: 'h:host p i:read o' },
  'ssh-keyscan nmap masscan': { operands: 'host*', values: 'p t f:read T oN:write iL:read' },
  ftp: { operands: 'host skip*', values: 'P', opaque: true },
  sftp: { operands: 'remote', values: 'P i:read b:read F:read o', opaque: true },
  scp: {
    operands: 'remote* remote-write',
    values: 'P i:read F:read o l c S J:host',
    folders: 'r',
  },
  rsync: {
    operands: 'remote* remote-write',
    values:
      'e:shell f exclude include exclude-from:read files-from:read rsh:shell port bwlimit' +
      ' rsync-path',
  },
  'kill killall pkill skill xkill': {
    operands: 'process*',
    values: 's n u U g G t signal',
    idle: 'l L list',
    switches: /^-(SIG)?[A-Z][A-Z0-9+]{2,8}$/,
  },
  'pgrep pidof': { operands: 'skip*', values: 'u U g G t P' },
  'open xdg-open': { operands: 'read*', values: 'a b' },
  'psql pg_dump pg_restore createdb dropdb': {
    operands: 'skip*',
    values: 'h:host host:host U p d c f:read username dbname command file:read port',
    opaque: true,
  },
  'mysql mysqldump mariadb': {
    operands: 'skip*',
    values: 'h:host host:host u P D e user port database execute',
    opaque: true,
  },
  'redis-cli': { operands: 'skip*', values: 'h:host p a n u:url', opaque: true },
  sqlite3: { operands: 'write skip*', values: 'cmd init:read separator', opaque: true },
  'pdftotext pdftoppm': { operands: 'read write', values: 'f l r' },
  pandoc: { operands: 'read*', values: 'o:write f t output:write from to' },
  convert: { operands: 'read* write', values: 'resize quality' },
  ffmpeg: { operands: 'write*', values: 'i:read f c v ss t to vf af r b' },
  'nc ncat netcat telnet': {
    operands: 'host skip*',
    values: 'w p s e:execute c:execute',
    opaque: true,
  },
};

/** By name. */
export const PROGRAMS: ReadonlyMap<string, Program> = new Map(
  Object.entries(FAMILIES).flatMap(([names, program]) =>
    names.split(' ').map((name) => [name, program] as const),
  ),
);

/**
 * Programs that run the command in their own words: options with a value, then how many words
 * stand before it.
 */
export type Prefix = {
  readonly values: string;
  readonly skip?: number;
  readonly assigns?: true;
  /** Options under which nothing is run. */
  readonly idle?: string;
  /** Options whose value is a line for a shell. */
  readonly line?: string;
};

const PREFIX_FAMILIES: Readonly<Record<string, Prefix>> = {
  'sudo doas': {
    values: 'u g h p C D R T U r t user group host prompt chdir:dir close-from',
    assigns: true,
  },
  env: { values: 'u C:dir S unset chdir:dir', assigns: true },
  'nice ionice': { values: 'n c p adjustment class classdata' },
  chrt: { values: 'p', skip: 1 },
  'nohup setsid builtin exec caffeinate unbuffer fakeroot busybox': { values: 'a' },
  command: { values: '', idle: 'v V' },
  'time gtime': { values: 'f o:write format output:write' },
  timeout: { values: 's k signal kill-after', skip: 1 },
  'stdbuf unshare': { values: 'i o e input output error' },
  watch: { values: 'n d interval' },
  'strace ltrace': { values: 'e o:write p s u' },
  chroot: { values: 'userspec groups', skip: 1 },
  flock: { values: 'w E timeout', skip: 1, line: 'c command' },
  'xvfb-run': { values: 's n server-args' },
  taskset: { values: 'p', skip: 1 },
  runuser: { values: 'u g c', line: 'c command' },
  proxychains: { values: 'f:read' },
};

export const PREFIXES: ReadonlyMap<string, Prefix> = new Map(
  Object.entries(PREFIX_FAMILIES).flatMap(([names, prefix]) =>
    names.split(' ').map((name) => [name, prefix] as const),
  ),
);
