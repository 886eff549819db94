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
  /** Those of the peer's routes that the node leads to the device, in any order. */
  readonly routes: readonly string[];
  /** `Other`: one that is not what was decided. */
  readonly presharedKey: 'None' | 'Derived' | 'Other';
  readonly persistentKeepaliveSeconds: number;
}

export interface DeviceFacts {
  readonly gatewayUID: string;
  readonly publicKey: string;
  readonly listenPort: number;
  /** Canonical host prefixes (/32, /128), in any order. */
  readonly addresses: readonly string[];
  /** Canonical networks that lead to the device, those of peers left out, in any order. */
  readonly routes: readonly string[];
  /** Only when it was given, not found out by the agent. */
  readonly mtu?: number;
  /** What the firewall in force lets through. */
  readonly forward: {
    readonly routes: readonly string[];
    readonly masquerade: 'Enabled' | 'Disabled';
    readonly peerTraffic: 'Isolated' | 'Open';
  };
}

/** One fact a line; the order of lists and repetitions in them do not matter. */
export function peerFacts(facts: PeerFacts): string {
  return lines('peerwright/peer/v2', [
    ['gateway', facts.gatewayUID],
    ['gatewayKey', facts.gatewayPublicKey],
    ['key', facts.publicKey],
    ...listed('allowed', facts.allowedIPs),
    ...listed('route', facts.routes),
    ['presharedKey', facts.presharedKey],
    ['keepalive', String(facts.persistentKeepaliveSeconds)],
  ]);
}

/** One fact a line; the order of lists and repetitions in them do not matter. */
export function deviceFacts(facts: DeviceFacts): string {
  const { forward, mtu } = facts;
  return lines('peerwright/device/v2', [
    ['gateway', facts.gatewayUID],
    ['key', facts.publicKey],
    ['port', String(facts.listenPort)],
    ...listed('address', facts.addresses),
    ...listed('route', facts.routes),
    ...(mtu === undefined ? [] : [['mtu', String(mtu)] as const]),
    ...listed('forward', forward.routes),
    ['masquerade', forward.masquerade],
    ['peerTraffic', forward.peerTraffic],
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
