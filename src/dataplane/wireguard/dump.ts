import type { CurrentPeer, Prefix, PublicKey } from '../../mesh/model.ts';
import type { WireGuardState } from './wireguard.ts';

/**
 * Reads `wg show IF dump` (wg(8)): a line `private-key public-key listen-port fwmark`, then one a peer:
 * `public-key preshared-key endpoint allowed-ips latest-handshake rx tx persistent-keepalive`, with tabs between.
 */
export function parseDump(text: string): WireGuardState {
  const [first = '', ...rest] = text.split('\n').filter((line) => line !== '');
  const [, publicKey = NONE, listenPort = '0'] = first.split('\t');
  const peers = rest.map(parsePeer).map((peer): [PublicKey, CurrentPeer] => [peer.publicKey, peer]);
  const key = publicKey === NONE ? {} : { publicKey: publicKey as PublicKey };
  return { ...key, listenPort: Number(listenPort), peers: new Map(peers) };
}

const NONE = '(none)';

function parsePeer(line: string): CurrentPeer {
  const [publicKey = '', , endpoint = NONE, allowedIPs = NONE, handshake = '0', rx = '0', tx = '0'] = line.split('\t');
  return {
    publicKey: publicKey as PublicKey,
    allowedIPs: allowedIPs === NONE ? [] : (allowedIPs.split(',').toSorted() as Prefix[]),
    ...(endpoint === NONE ? {} : { endpoint }),
    ...(handshake === '0' ? {} : { lastHandshakeMs: Number(handshake) * 1000 }),
    rxBytes: Number(rx),
    txBytes: Number(tx),
  };
}
