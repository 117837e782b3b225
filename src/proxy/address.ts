/** Internet addresses: their one written form, and the ranges that are not the open internet. */
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';

/**
 * A host in the form in which it is compared: lower case, no dot at its end, punycode, and the
 * many ways to write an IPv4 address (`0x7f.1`, `2130706433`) as the usual one. IPv6 without
 * brackets. Undefined for what is no host.
 */
export function hostOf(text: string): string | undefined {
  const bare = text.startsWith('[') ? text : isIPv6(zoneless(text)) ? `[${zoneless(text)}]` : text;
  // What is beside a host in an address must not come with it.
  if (bare === '' || /[\s/?#@\\%]/.test(bare) || (!bare.startsWith('[') && bare.includes(':'))) {
    return undefined;
  }
  const url = URL.canParse(`http://${bare}/`) ? new URL(`http://${bare}/`) : undefined;
  const host = url?.hostname.replace(/\.+$/, '').replace(/^\[(.*)\]$/, '$1');
  if (host === undefined || host === '') return undefined;
  // `127.1.` is an address only without its dot.
  const again = URL.canParse(`http://${host}/`) ? new URL(`http://${host}/`).hostname : host;
  return isIPv6(host) ? host : again;
}

function zoneless(text: string): string {
  return text.replace(/%.*$/, '');
}

/** Names for ranges, as rules may use them. */
export const RANGES = ['loopback', 'link-local', 'private', 'metadata'] as const;
export type Range = (typeof RANGES)[number];

const NETS: Readonly<Record<Range, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128', '0.0.0.0/8', '::/128'],
  'link-local': ['169.254.0.0/16', 'fe80::/10'],
  // RFC 6890, RFC 1918, RFC 6598, RFC 4193, and what is of no single host.
  private: [
    ...['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '192.0.0.0/24'],
    ...['198.18.0.0/15', '224.0.0.0/4', '240.0.0.0/4', 'fc00::/7', 'fec0::/10', 'ff00::/8'],
    ...['127.0.0.0/8', '::1/128', '0.0.0.0/8', '::/128', '169.254.0.0/16', 'fe80::/10'],
  ],
  // Where clouds hand out credentials: AWS, GCP, Azure; ECS and EKS; Alibaba; AWS over IPv6.
  metadata: [
    ...['169.254.169.254/32', '169.254.170.2/32', '169.254.170.23/32', '100.100.100.200/32'],
    ...['168.63.129.16/32', 'fd00:ec2::254/128', 'fd00:ec2::23/128', 'fd20:ce::254/128'],
  ],
};

export type Net = (address: string) => boolean;

export function rangeNet(range: Range): Net {
  return netOf(NETS[range]);
}

/** An address or a CIDR; undefined for what is neither. */
export function cidrNet(text: string): Net | undefined {
  const [address = '', bits, ...more] = text.split('/');
  const host = hostOf(address);
  const family = host === undefined ? 0 : isIP(host);
  if (host === undefined || family === 0 || more.length > 0) return undefined;
  const most = family === 4 ? 32 : 128;
  if (bits !== undefined && (!/^\d{1,3}$/.test(bits) || Number(bits) > most)) return undefined;
  return netOf([`${host}/${bits ?? most}`]);
}

function netOf(cidrs: readonly string[]): Net {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address = '', bits] = cidr.split('/');
    list.addSubnet(address, Number(bits), isIPv4(address) ? 'ipv4' : 'ipv6');
  }
  return (address) =>
    formsOf(address).some((form) => list.check(form, isIPv4(form) ? 'ipv4' : 'ipv6'));
}

/** The address, and the IPv4 one that it carries: mapped, compatible, NAT64, 6to4. */
function formsOf(text: string): readonly string[] {
  const address = zoneless(text);
  if (!isIPv6(address)) return [address];
  const groups = groupsOf(address);
  const [first = 0, second = 0] = groups;
  const high = groups.slice(0, 6);
  const zeros = (list: readonly number[]) => list.every((group) => group === 0);
  const mapped = zeros(high.slice(0, 5)) && (high[5] === 0xffff || high[5] === 0);
  const translated = zeros(high.slice(0, 4)) && high[4] === 0xffff && high[5] === 0;
  const nat64 = first === 0x64 && second === 0xff9b && (groups[2] ?? 0) <= 1;
  if (mapped || translated || nat64) return [address, dotted(groups[6], groups[7])];
  return first === 0x2002 ? [address, dotted(groups[1], groups[2])] : [address];
}

function dotted(high = 0, low = 0): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** The eight groups of an IPv6 address, which is one. */
function groupsOf(address: string): readonly number[] {
  // WHATWG writes a dotted tail as two groups.
  const plain = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = '', tail] = plain.split('::');
  const parse = (part: string) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const before = parse(head);
  if (tail === undefined) return before;
  const after = parse(tail);
  return [...before, ...Array(8 - before.length - after.length).fill(0), ...after];
}
