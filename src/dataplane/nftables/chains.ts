import type { SetName } from './sets.ts';

/**
 * The chains of the table. `of` gives the name under which a set was made.
 *
 * Every packet is judged, also those of known connections, and replies by what they reply to: so a route that is
 * withdrawn stops what flows over it in both directions. Outside the device both directions have the same address to be
 * judged by. Between the peers of one device only a reply may go to an address that may not be called.
 *
 * The clamp has a chain of its own, which no verdict of another one skips; the kernel only ever lowers a size with it
 * (nft_exthdr.c). Sets are never written into rules: see `transactions.ts`.
 */
export function chains(of: (name: SetName) => string): string {
  return `
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname ${of('devices')} goto from_device
    oifname ${of('devices')} goto to_device
  }
  chain from_device {
    ct state invalid drop
    ip daddr ${of('never4')} drop
    ip6 daddr ${of('never6')} drop
    iifname . ip saddr != ${of('behind4')} drop
    iifname . ip6 saddr != ${of('behind6')} drop
    iifname . oifname ${of('same_device')} goto within_device
    oifname ${of('devices')} drop
    iifname . ip daddr ${of('routes4')} accept
    iifname . ip6 daddr ${of('routes6')} accept
    drop
  }
  chain within_device {
    iifname . ip daddr ${of('inside4')} accept
    iifname . ip6 daddr ${of('inside6')} accept
    ct direction reply ct state established iifname . ip saddr ${of('inside4')} accept
    ct direction reply ct state established iifname . ip6 saddr ${of('inside6')} accept
    ct direction reply ct state related accept
    drop
  }
  chain to_device {
    ip saddr ${of('never4')} drop
    ip6 saddr ${of('never6')} drop
    ip saddr ${of('ours4')} drop
    ip6 saddr ${of('ours6')} drop
    oifname . ip daddr != ${of('behind4')} drop
    oifname . ip6 daddr != ${of('behind6')} drop
    oifname . ip saddr ${of('routes4')} accept
    oifname . ip6 saddr ${of('routes6')} accept
    ct direction reply ct state related accept
    drop
  }
  chain input {
    type filter hook input priority filter; policy accept;
    iifname ${of('devices')} goto to_node
  }
  chain to_node {
    iifname . ip saddr != ${of('behind4')} drop
    iifname . ip6 saddr != ${of('behind6')} drop
    ct direction reply ct state established,related accept
    iifname . ip daddr ${of('addresses4')} icmp type { echo-request, echo-reply } accept
    iifname . ip6 daddr ${of('addresses6')} icmpv6 type { echo-request, echo-reply } accept
    drop
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    iifname ${of('masqueraded')} oifname != ${of('devices')} masquerade
  }
  chain clamp {
    type filter hook forward priority mangle; policy accept;
    meta nfproto ipv4 tcp flags syn tcp option maxseg size set iifname map ${of('mss4')}
    meta nfproto ipv4 tcp flags syn tcp option maxseg size set oifname map ${of('mss4')}
    meta nfproto ipv6 tcp flags syn tcp option maxseg size set iifname map ${of('mss6')}
    meta nfproto ipv6 tcp flags syn tcp option maxseg size set oifname map ${of('mss6')}
  }
`;
}
