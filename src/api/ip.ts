/**
 * Addresses and networks as CEL's `isIP`, `isCIDR`, `ip.isCanonical` see them (Go net/netip): no zones, no leading
 * zeros, no IPv4-mapped IPv6. Here because the contract may import nothing but zod.
 */

/** A parsed address: `bits` wide. */
export interface IpAddress {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

/** A parsed network; host bits may be set, see `masked`. */
export interface IpNetwork {
  readonly address: IpAddress;
  readonly length: number;
}

/** Undefined when the text is no address. Accepts non-canonical forms of IPv6. */
export function parseIp(text: string): IpAddress | undefined {
  return text.includes(':') ? parseV6(text) : parseV4(text);
}

/** Undefined when the text is no network. Accepts host bits. */
export function parseNetwork(text: string): IpNetwork | undefined {
  const [left, right, ...rest] = text.split('/');
  if (left === undefined || right === undefined || rest.length > 0) return undefined;
  const address = parseIp(left);
  if (address === undefined || !/^(0|[1-9][0-9]{0,2})$/.test(right)) return undefined;
  const length = Number(right);
  return length <= address.bits ? { address, length } : undefined;
}

/** The one text form: dotted for IPv4, RFC 5952 for IPv6. */
export function formatIp({ bits, value }: IpAddress): string {
  if (bits === 32) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
  const groups = Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
  const { start, length } = longestZeroRun(groups);
  if (length < 2) return groups.join(':');
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`;
}

/** `address/length` without host bits, in the one text form. */
export function formatNetwork(network: IpNetwork): string {
  return `${formatIp({ bits: network.address.bits, value: firstAddress(network) })}/${network.length}`;
}

/** Whether every address of `inner` is one of `outer`. */
export function containsNetwork(outer: IpNetwork, inner: IpNetwork): boolean {
  if (outer.address.bits !== inner.address.bits || inner.length < outer.length) return false;
  const host = BigInt(outer.address.bits - outer.length);
  return outer.address.value >> host === inner.address.value >> host;
}

/** The first address of a network: host bits zero. */
export function firstAddress({ address, length }: IpNetwork): bigint {
  const host = BigInt(address.bits - length);
  return (address.value >> host) << host;
}

/** The last address of a network: host bits one. */
export function lastAddress(network: IpNetwork): bigint {
  return firstAddress(network) + (1n << BigInt(network.address.bits - network.length)) - 1n;
}

function parseV4(text: string): IpAddress | undefined {
  const octets = text.split('.');
  if (octets.length !== 4 || !octets.every((octet) => /^(0|[1-9][0-9]{0,2})$/.test(octet) && Number(octet) < 256)) {
    return undefined;
  }
  return { bits: 32, value: octets.reduce((value, octet) => (value << 8n) | BigInt(octet), 0n) };
}

function parseV6(text: string): IpAddress | undefined {
  const groups = v6Groups(text);
  if (groups === undefined) return undefined;
  const value = groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
  const mapped = value >> 32n === 0xffffn;
  return mapped ? undefined : { bits: 128, value };
}

function v6Groups(text: string): readonly string[] | undefined {
  const hex = withoutDottedTail(text);
  const [head, tail, ...rest] = hex.split('::').map((half) => (half === '' ? [] : half.split(':')));
  if (head === undefined || rest.length > 0) return undefined;
  const given = [...head, ...(tail ?? [])];
  if (!given.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  if (tail === undefined) return given.length === 8 ? given : undefined;
  return given.length > 7 ? undefined : [...head, ...Array<string>(8 - given.length).fill('0'), ...tail];
}

/** `64:ff9b::192.0.2.1` to `64:ff9b::c000:201`; anything else unchanged. */
function withoutDottedTail(text: string): string {
  const at = text.lastIndexOf(':') + 1;
  const v4 = parseV4(text.slice(at));
  if (v4 === undefined) return text;
  return `${text.slice(0, at)}${(v4.value >> 16n).toString(16)}:${(v4.value & 0xffffn).toString(16)}`;
}

function longestZeroRun(groups: readonly string[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let length = 0;
  for (const [index, group] of groups.entries()) {
    length = group === '0' ? length + 1 : 0;
    if (length > best.length) best = { start: index - length + 1, length };
  }
  return best;
}
