import type { CurrentPeer, Prefix, PublicKey } from '../../mesh/model.ts';
import { presharedKeyFingerprint } from '../fingerprint.ts';
import { parseEndpoint } from './endpoint.ts';
import type { WireGuardState } from './wireguard.ts';

/**
 * Reads `wg show IF dump` (wg(8)): a line `private-key public-key listen-port fwmark`, then one a peer:
 * `public-key preshared-key endpoint allowed-ips latest-handshake rx tx persistent-keepalive`, with tabs between.
 * Of the private key nothing is kept, of preshared keys their fingerprints.
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
  const fields = line.split('\t');
  const given = (index: number) => (UNSET.has(fields[index] ?? NONE) ? undefined : fields[index]);
  const [presharedKey, endpoint, handshake] = [given(1), parseEndpoint(given(2) ?? ''), given(4)];
  return {
    publicKey: given(0) as PublicKey,
    allowedIPs: (given(3)?.split(',').toSorted() ?? []) as Prefix[],
    ...(presharedKey === undefined ? {} : fingerprint(presharedKey)),
    ...(endpoint === undefined ? {} : { endpoint }),
    persistentKeepaliveSeconds: Number(given(7) ?? 0),
    ...(handshake === undefined ? {} : { lastHandshakeMs: Number(handshake) * 1000 }),
    rxBytes: Number(given(5) ?? 0),
    txBytes: Number(given(6) ?? 0),
  };
}

const UNSET: ReadonlySet<string> = new Set([NONE, '0', 'off']);

function fingerprint(text: string): Pick<CurrentPeer, 'presharedKey'> {
  const presharedKey = presharedKeyFingerprint(Buffer.from(text, 'base64'));
  return presharedKey === undefined ? {} : { presharedKey };
}
