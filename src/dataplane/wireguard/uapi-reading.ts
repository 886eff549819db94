import type { CurrentPeer, KeyFingerprint, Prefix, PublicKey } from '../../mesh/model.ts';
import { presharedKeyFingerprint } from '../fingerprint.ts';
import { keyOfHex, publicKeyOf } from './codec.ts';
import { parseEndpoint } from './endpoint.ts';
import type { WireGuardState } from './wireguard.ts';

/**
 * Collects the lines of a `get=1` answer. The private key in it is turned into its public half at once, preshared keys
 * into their fingerprints.
 */
export class UapiReading {
  #publicKey: PublicKey | undefined;
  #listenPort = 0;
  readonly #peers: PeerDraft[] = [];

  line(key: string, value: string): void {
    const peer = this.#peers.at(-1);
    if (key === 'public_key') this.#peers.push(draftOf(keyOfHex(value)));
    else if (peer === undefined) this.#deviceLine(key, value);
    else PEER_LINES[key]?.(peer, value);
  }

  state(): WireGuardState {
    const peers = this.#peers.map((draft): [PublicKey, CurrentPeer] => [draft.publicKey, finished(draft)]);
    const key = this.#publicKey === undefined ? {} : { publicKey: this.#publicKey };
    return { ...key, listenPort: this.#listenPort, peers: new Map(peers) };
  }

  #deviceLine(key: string, value: string): void {
    if (key === 'listen_port') this.#listenPort = Number(value);
    if (key === 'private_key' && !/^0*$/.test(value)) this.#publicKey = publicKeyOf(Buffer.from(value, 'hex'));
  }
}

interface PeerDraft {
  readonly publicKey: PublicKey;
  readonly allowedIPs: Prefix[];
  presharedKey: KeyFingerprint | undefined;
  endpoint: string | undefined;
  persistentKeepaliveSeconds: number;
  lastHandshakeMs: number;
  rxBytes: number;
  txBytes: number;
}

function draftOf(publicKey: PublicKey): PeerDraft {
  const nothing = { persistentKeepaliveSeconds: 0, lastHandshakeMs: 0, rxBytes: 0, txBytes: 0 };
  return { publicKey, allowedIPs: [], presharedKey: undefined, endpoint: undefined, ...nothing };
}

const PEER_LINES: Readonly<Record<string, (peer: PeerDraft, value: string) => void>> = {
  allowed_ip: (peer, value) => peer.allowedIPs.push(value as Prefix),
  preshared_key: (peer, value) => (peer.presharedKey = presharedKeyFingerprint(Buffer.from(value, 'hex'))),
  endpoint: (peer, value) => (peer.endpoint = parseEndpoint(value)),
  persistent_keepalive_interval: (peer, value) => (peer.persistentKeepaliveSeconds = Number(value)),
  last_handshake_time_sec: (peer, value) => (peer.lastHandshakeMs += Number(value) * 1000),
  last_handshake_time_nsec: (peer, value) => (peer.lastHandshakeMs += Math.floor(Number(value) / 1e6)),
  rx_bytes: (peer, value) => (peer.rxBytes = Number(value)),
  tx_bytes: (peer, value) => (peer.txBytes = Number(value)),
};

function finished({ lastHandshakeMs, presharedKey, endpoint, allowedIPs, ...peer }: PeerDraft): CurrentPeer {
  return {
    ...peer,
    allowedIPs: allowedIPs.toSorted(),
    ...(presharedKey === undefined ? {} : { presharedKey }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(lastHandshakeMs === 0 ? {} : { lastHandshakeMs }),
  };
}
