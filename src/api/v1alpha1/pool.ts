import { z } from 'zod';
import { firstAddress, lastAddress, parseIp, parseNetwork } from '../ip.ts';
import { isInside, overlaps } from '../network.ts';
import { rule } from '../rule.ts';
import { address, cidr, list } from './common.ts';

const poolNetwork = () =>
  rule(cidr(), {
    cel: '!isCIDR(self) || (cidr(self).ip().family() == 4 ? cidr(self).prefixLength() >= 8 && cidr(self).prefixLength() <= 30 : cidr(self).prefixLength() >= 48 && cidr(self).prefixLength() <= 126)',
    message: 'a pool must be /8 to /30 for IPv4, /48 to /126 for IPv6',
    messageExpression:
      "'%s has no fitting size for a pool; choose /8 to /30 for IPv4, /48 to /126 for IPv6'.format([self])",
    check: (text) => {
      const parsed = parseNetwork(text);
      if (parsed === undefined) return undefined;
      const [least, most] = parsed.address.bits === 32 ? [8, 30] : [48, 126];
      if (parsed.length >= least && parsed.length <= most) return undefined;
      return `${text} has no fitting size for a pool; choose /8 to /30 for IPv4, /48 to /126 for IPv6`;
    },
  });

const PoolFields = z.object({
  cidr: poolNetwork().describe('The network, canonical: /8 to /30 for IPv4, /48 to /126 for IPv6.'),
  gatewayAddress: address()
    .optional()
    .describe("The gateway's own address in this pool. Default: the first usable one."),
  reserved: list(cidr().describe('A network inside the pool.'), 16)
    .optional()
    .describe('Networks inside the pool whose addresses are handed out only to peers that request them.'),
});
type PoolFields = z.infer<typeof PoolFields>;

const GATEWAY = 'self.gatewayAddress';
const BOTH_PARSE = `has(${GATEWAY}) && isIP(${GATEWAY}) && isCIDR(self.cidr)`;

const withGatewayInside = rule(PoolFields, {
  cel: `!(${BOTH_PARSE}) || cidr(self.cidr).containsIP(${GATEWAY})`,
  message: 'gatewayAddress must lie inside cidr',
  messageExpression: `'%s lies outside the pool %s; choose an address inside it'.format([${GATEWAY}, self.cidr])`,
  fieldPath: '.gatewayAddress',
  check: (pool) => {
    const place = gatewayPlace(pool);
    if (place === undefined || (place.value >= place.first && place.value <= place.last)) return undefined;
    return `${pool.gatewayAddress} lies outside the pool ${pool.cidr}; choose an address inside it`;
  },
});

const withGatewayUsable = rule(withGatewayInside, {
  cel: `!(${BOTH_PARSE}) || string(cidr(self.cidr).masked().ip()) != ${GATEWAY}`,
  message: 'gatewayAddress must not be the network address',
  messageExpression: `'%s is the network address of the pool %s; choose another address inside it'.format([${GATEWAY}, self.cidr])`,
  fieldPath: '.gatewayAddress',
  check: (pool) => {
    const place = gatewayPlace(pool);
    if (place === undefined || place.value !== place.first) return undefined;
    return `${pool.gatewayAddress} is the network address of the pool ${pool.cidr}; choose another address inside it`;
  },
});

/** CEL cannot count in addresses: an IPv4 address is the last of a network when, plus one, it divides by its size. */
const octet = (index: number) => `int(${GATEWAY}.split('.')[${index}])`;
const asNumber = `((${octet(0)} * 256 + ${octet(1)}) * 256 + ${octet(2)}) * 256 + ${octet(3)}`;
const sizes = `[${Array.from({ length: 25 }, (_, index) => 2 ** (24 - index)).join(', ')}]`;

const withGatewayNoBroadcast = rule(withGatewayUsable, {
  cel: `!(${BOTH_PARSE}) || ip(${GATEWAY}).family() != 4 || !cidr(self.cidr).containsIP(${GATEWAY}) || cidr(self.cidr).prefixLength() < 8 || (${asNumber} + 1) % ${sizes}[cidr(self.cidr).prefixLength() - 8] != 0`,
  message: 'gatewayAddress must not be the broadcast address',
  messageExpression: `'%s is the broadcast address of the pool %s; choose another address inside it'.format([${GATEWAY}, self.cidr])`,
  fieldPath: '.gatewayAddress',
  check: (pool) => {
    const place = gatewayPlace(pool);
    if (place === undefined || !place.isV4 || place.value !== place.last) return undefined;
    return `${pool.gatewayAddress} is the broadcast address of the pool ${pool.cidr}; choose another address inside it`;
  },
});

/** One network from which peers get addresses. */
export const Pool = rule(withGatewayNoBroadcast, {
  cel: '!has(self.reserved) || !isCIDR(self.cidr) || self.reserved.all(r, !isCIDR(r) || cidr(self.cidr).containsCIDR(r))',
  message: 'reserved networks must lie inside cidr',
  messageExpression:
    "'%s lies outside the pool %s; reserve networks inside it'.format([self.reserved.filter(r, isCIDR(r) && !cidr(self.cidr).containsCIDR(r))[0], self.cidr])",
  fieldPath: '.reserved',
  check: (pool) => {
    const outer = parseNetwork(pool.cidr);
    const outside = (pool.reserved ?? []).find((network) => outer !== undefined && !isInside(outer, network));
    if (outside === undefined) return undefined;
    return `${outside} lies outside the pool ${pool.cidr}; reserve networks inside it`;
  },
}).describe('One network from which peers get addresses.');
export type Pool = z.infer<typeof Pool>;

const OVERLAP =
  'isCIDR(i.cidr) && isCIDR(j.cidr) && (cidr(i.cidr).containsCIDR(j.cidr) || cidr(j.cidr).containsCIDR(i.cidr))';

/** The first pool that overlaps another, and those others; a pool overlaps itself. */
const FIRST_PAIR = `self.map(i, self.filter(j, ${OVERLAP})).filter(l, l.size() > 1)[0]`;

/** The pools of one gateway: none shares an address with another. */
export const pools = () =>
  rule(list(Pool, 8).min(1), {
    cel: `self.all(i, !isCIDR(i.cidr) || self.exists_one(j, ${OVERLAP}))`,
    message: 'pools must not overlap',
    messageExpression: `'pools %s and %s overlap; make them disjoint or leave one out'.format([${FIRST_PAIR}[0].cidr, ${FIRST_PAIR}[1].cidr])`,
    check: (given) => {
      const all = given.map((pool) => pool.cidr);
      const groups = all.map((a) => all.filter((b) => overlaps(a, b)));
      const [first, second] = groups.find((group) => group.length > 1) ?? [];
      if (second === undefined) return undefined;
      return `pools ${first} and ${second} overlap; make them disjoint or leave one out`;
    },
  }).describe('Networks from which peers get addresses, one of each family present. None may overlap another.');

/** Undefined when either text cannot be parsed, which has its own rule, or there is nothing to place. */
function gatewayPlace(pool: PoolFields) {
  const network = parseNetwork(pool.cidr);
  const gateway = pool.gatewayAddress === undefined ? undefined : parseIp(pool.gatewayAddress);
  if (network === undefined || gateway === undefined) return undefined;
  const isV4 = gateway.bits === 32;
  // An address of the other family is outside, whatever its number.
  if (gateway.bits !== network.address.bits) return { value: -1n, first: 0n, last: 0n, isV4 };
  return { value: gateway.value, first: firstAddress(network), last: lastAddress(network), isV4 };
}
