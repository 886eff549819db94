import { deviceName } from '../../src/mesh/device.ts';
import type { LabNode } from '../../tools/lab/node.ts';

/** One peer as `wg show DEVICE dump` prints it. */
export interface DumpedPeer {
  readonly publicKey: string;
  readonly endpoint: string | undefined;
  readonly allowedIPs: readonly string[];
  /** Seconds since the epoch; 0: never. */
  readonly latestHandshake: number;
  readonly rxBytes: number;
  readonly txBytes: number;
}

export interface Dump {
  readonly publicKey: string;
  readonly listenPort: number;
  readonly peers: ReadonlyMap<string, DumpedPeer>;
}

/** What is on the device of a gateway now, read with wg and nothing of ours; undefined: there is none. */
export async function dumpDevice(node: LabNode, gatewayUid: string): Promise<Dump | undefined> {
  const { code, stdout } = await node.exec(['wg', 'show', deviceName(gatewayUid), 'dump']);
  if (code !== 0) return undefined;
  const [first = '', ...rest] = stdout.trim().split('\n');
  const [, publicKey = '', listenPort = '0'] = first.split('\t');
  const peers = rest.map(peerOf).map((peer) => [peer.publicKey, peer] as const);
  return { publicKey, listenPort: Number(listenPort), peers: new Map(peers) };
}

function peerOf(line: string): DumpedPeer {
  const [publicKey = '', , endpoint = '', allowed = '', handshake = '0', rx = '0', tx = '0'] = line.split('\t');
  return {
    publicKey,
    endpoint: endpoint === '(none)' ? undefined : endpoint,
    allowedIPs: allowed === '(none)' ? [] : allowed.split(',').toSorted(),
    latestHandshake: Number(handshake),
    rxBytes: Number(rx),
    txBytes: Number(tx),
  };
}
