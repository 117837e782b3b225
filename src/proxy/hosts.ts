/** Rules for the hosts that an agent may reach: decided on the name and on every address. */
import { isIP } from 'node:net';
import { Fault } from '../fault/fault.ts';
import { cidrNet, hostOf, type Net, RANGES, type Range, rangeNet } from './address.ts';

export type HostRules = {
  /** Decides on what is asked for; `addresses` are what its name resolves to, at least one. */
  readonly decide: (target: Target) => Verdict;
  /** Whether the name alone is denied already, so that nobody need be asked for its addresses. */
  readonly deniesName: (target: Omit<Target, 'addresses'>) => Verdict;
};

export type Target = {
  /** As `hostOf` writes it. */
  readonly host: string;
  readonly port: number;
  readonly addresses: readonly string[];
};

/** The reason names the rule; undefined where it may pass. */
export type Verdict = { readonly denied?: string };

export type RuleOptions = {
  /** Only these; without any, everything that is not denied. */
  readonly allow: readonly string[];
  /** Never these: outweighs `allow`. */
  readonly deny: readonly string[];
};

type Rule = {
  readonly text: string;
  readonly port: number | undefined;
  readonly name?: (host: string) => boolean;
  readonly net?: Net;
  readonly range?: Range;
};

/**
 * Throws `usage.invalid` for a rule that is none. A rule is a host (`api.example.com`), all hosts
 * below one (`*.example.com`), `*`, an address or CIDR, or a range by name, each with `:port` or
 * without.
 *
 * Cloud metadata addresses are denied unless a rule allows that very address or `metadata`. Where
 * there is an allow list, an allowed name does not open addresses of this machine or of private
 * networks: a name's owner decides what it resolves to, so these must be allowed as addresses.
 */
export function readRules({ allow, deny }: RuleOptions): HostRules {
  const allowed = allow.map((text) => readRule(text, 'allow'));
  const denied = deny.map((text) => readRule(text, 'deny'));
  const deniesName: HostRules['deniesName'] = ({ host, port }) => {
    const rule = denied.find((one) => fits(one, port) && one.name?.(host));
    return rule === undefined ? {} : { denied: `${rule.text} is denied` };
  };
  return {
    deniesName,
    decide: (target) => {
      const { port, addresses } = target;
      const byName = deniesName(target);
      if (byName.denied !== undefined) return byName;
      const bad = denied.find((one) => fits(one, port) && addresses.some((at) => one.net?.(at)));
      if (bad !== undefined) return { denied: `${bad.text} is denied` };
      return refused(target, allowed);
    },
  };
}

function refused({ host, port, addresses }: Target, rules: readonly Rule[]): Verdict {
  const open = rules.filter((rule) => fits(rule, port));
  const literal = isIP(host) !== 0;
  const named = open.some(({ name }) => name?.(host));
  for (const address of addresses) {
    const direct = open.filter(({ net }) => net?.(address));
    if (METADATA(address) && !direct.some(isNarrow)) {
      return { denied: 'cloud metadata is denied unless it is allowed by its address' };
    }
    if (rules.length === 0 || direct.length > 0) continue;
    if (!named) return { denied: 'it is not among the hosts that are allowed' };
    const own = PRIVATE(address) && !literal && !isLocalName(host);
    if (own) return { denied: 'its name resolves to a private address that is not allowed' };
  }
  return {};
}

const METADATA = rangeNet('metadata');
const PRIVATE = rangeNet('private');

/** Who allows `private` or all of 169.254.0.0/16 has not thought of the one that hands out keys. */
function isNarrow({ range, text }: Rule): boolean {
  return range === 'metadata' || (range === undefined && !text.includes('/'));
}

/** RFC 6761 §6.3: these names are this machine, and nobody else's to define. */
function isLocalName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost');
}

function fits({ port }: Rule, asked: number): boolean {
  return port === undefined || port === asked;
}

function readRule(text: string, field: 'allow' | 'deny'): Rule {
  const { host, port } = splitPort(text.trim());
  if (port !== undefined && (port < 1 || port > 65_535)) throw refuse(text, field);
  const range = RANGES.find((name) => name === host.toLowerCase());
  if (range !== undefined) return { text, port, range, net: rangeNet(range) };
  if (host === '*') return { text, port, name: () => true };
  const net = cidrNet(host.replace(/^\[(.*)\]$/, '$1'));
  if (net !== undefined)
    return { text, port, net, name: (other) => isIP(other) !== 0 && net(other) };
  const below = host.startsWith('*.') ? host.slice(2) : '*';
  const parent = below.includes('*') ? undefined : hostOf(below);
  if (parent !== undefined) return { text, port, name: (other) => other.endsWith(`.${parent}`) };
  const exact = host.includes('*') ? undefined : hostOf(host);
  if (exact === undefined) throw refuse(text, field);
  return { text, port, name: (other) => other === exact };
}

function splitPort(text: string): { host: string; port: number | undefined } {
  const match = /^(.*[^:]|\[.*\]):(\d{1,5})$/.exec(text);
  const alone = match === null || (match[1]?.includes(':') && !match[1].startsWith('['));
  if (alone) return { host: text, port: undefined };
  return { host: match[1] ?? '', port: Number(match[2]) };
}

function refuse(text: string, field: string): Fault {
  const shown = text.slice(0, 100);
  return new Fault('usage.invalid', `${shown} is no host, address or range.`, {
    field,
    hint: 'Examples: api.example.com, *.example.com, 10.0.0.0/8, [::1]:443, loopback.',
  });
}
