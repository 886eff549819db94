/**
 * Canonical text of what is on a device. Operator and agent write it independently - one from its decision, the other
 * from what it read back - and compare digests of it (runtime/digest.ts): equal digests mean "exactly this is
 * programmed". The first line names the format, so that a later one can never equal an older one by accident.
 */
export interface PeerFacts {
  readonly gatewayUID: string;
  /** The key of the device the peer is on: a peer on a device with an old key is not what was decided. */
  readonly gatewayPublicKey: string;
  readonly publicKey: string;
  /** Canonical prefixes, in any order. */
  readonly allowedIPs: readonly string[];
}

export interface DeviceFacts {
  readonly gatewayUID: string;
  readonly publicKey: string;
  readonly listenPort: number;
  /** Canonical host prefixes (/32, /128), in any order. */
  readonly addresses: readonly string[];
  /** Canonical networks that lead to the device, in any order. */
  readonly routes: readonly string[];
}

/** One fact a line; the order of `allowedIPs` and repetitions in it do not matter. */
export function peerFacts({ gatewayUID, gatewayPublicKey, publicKey, allowedIPs }: PeerFacts): string {
  return lines('peerwright/peer/v1', [
    ['gateway', gatewayUID],
    ['gatewayKey', gatewayPublicKey],
    ['key', publicKey],
    ...listed('allowed', allowedIPs),
  ]);
}

/** One fact a line; the order of `addresses` and `routes` and repetitions in them do not matter. */
export function deviceFacts({ gatewayUID, publicKey, listenPort, addresses, routes }: DeviceFacts): string {
  return lines('peerwright/device/v1', [
    ['gateway', gatewayUID],
    ['key', publicKey],
    ['port', String(listenPort)],
    ...listed('address', addresses),
    ...listed('route', routes),
  ]);
}

type Fact = readonly [name: string, value: string];

function listed(name: string, values: readonly string[]): Fact[] {
  return [...new Set(values)].toSorted().map((value): Fact => [name, value]);
}

/** JSON keeps a value from reaching into the next line, whatever it holds. */
function lines(format: string, facts: readonly Fact[]): string {
  return [format, ...facts.map(([name, value]) => `${name} ${JSON.stringify(value)}`)].join('\n') + '\n';
}
