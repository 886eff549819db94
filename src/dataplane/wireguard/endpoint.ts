import { SocketAddress, isIPv4, isIPv6 } from 'node:net';

/** The one text of an endpoint: `192.0.2.1:51820`, `[2001:db8::1]:51820`. */
export function endpointText(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/**
 * Reads what `wg` and wireguard-go print, which differ in how they write some IPv6 addresses, into that one text.
 * Undefined for anything else, names included.
 */
export function parseEndpoint(text: string): string | undefined {
  const match = /^(?:([0-9.]+)|\[([0-9A-Fa-f:.]+)(%[\w.@-]+)?\]):([1-9][0-9]{0,4})$/.exec(text);
  if (match === null) return undefined;
  const [, v4 = '', v6 = '', zone = '', port] = match;
  if (Number(port) > 65535) return undefined;
  if (isIPv4(v4)) return endpointText(v4, Number(port));
  if (!isIPv6(v6)) return undefined;
  const address = new SocketAddress({ address: v6, family: 'ipv6' }).address;
  const mapped = /^::ffff:([0-9.]+)$/.exec(address)?.[1];
  return endpointText(mapped ?? `${address}${zone}`, Number(port));
}

/** For an endpoint that somebody else made. Throws a RangeError for what WireGuard would look up or refuse. */
export function checkedEndpoint(text: string): string {
  const endpoint = parseEndpoint(text);
  if (endpoint === undefined) throw new RangeError(`'${text}' is no address and port`);
  return endpoint;
}
