import type { FirewallRules } from '../port.ts';

export const TABLE = 'inet peerwright';

/**
 * The text for `nft -f -` that replaces our table in one transaction; without devices it removes it. `add` before
 * `delete` makes it work whether or not the table is there.
 *
 * Nothing is forwarded from or to a device, and a device reaches only ICMP echo at its own gateway addresses.
 */
export function renderTable({ devices }: FirewallRules): string {
  const replaced = `add table ${TABLE}\ndelete table ${TABLE}\n`;
  if (devices.length === 0) return replaced;
  const names = devices.map(({ name }) => `"${name}"`);
  const pairs = devices.flatMap(({ name, addresses }) => addresses.map((prefix) => ({ name, prefix })));
  const echo = (isV6: boolean) =>
    pairs
      .filter(({ prefix }) => prefix.includes(':') === isV6)
      .map(({ name, prefix }) => `"${name}" . ${prefix.slice(0, prefix.indexOf('/'))}`);
  return `${replaced}table ${TABLE} {
  set our_devices { type ifname${elements(names)} }
  set echo4 { type ifname . ipv4_addr${elements(echo(false))} }
  set echo6 { type ifname . ipv6_addr${elements(echo(true))} }
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname @our_devices drop
    oifname @our_devices drop
  }
  chain input {
    type filter hook input priority filter; policy accept;
    iifname @our_devices goto from_device
  }
  chain from_device {
    iifname . ip daddr @echo4 icmp type { echo-request, echo-reply } accept
    iifname . ip6 daddr @echo6 icmpv6 type { echo-request, echo-reply } accept
    drop
  }
}
`;
}

function elements(values: readonly string[]): string {
  return values.length === 0 ? ';' : `; elements = { ${values.toSorted().join(', ')} }`;
}
