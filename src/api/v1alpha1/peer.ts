import { z } from 'zod';
import { parseIp } from '../ip.ts';
import { defineKind, type ObjectOf } from '../kind.ts';
import { rule } from '../rule.ts';
import {
  MAX_NAME_LENGTH,
  STATUS_DEFAULT,
  address,
  conditions,
  count,
  instant,
  list,
  objectName,
  objectReference,
  observedGeneration,
  plainText,
  publicKey,
} from './common.ts';
import { Endpoint } from './endpoint.ts';
import { keepaliveSeconds, networks, peerRoutes } from './route.ts';

export const PeerState = { Enabled: 'Enabled', Disabled: 'Disabled' } as const;
export const PresharedKeyType = { None: 'None', Derived: 'Derived' } as const;

const ofFamily = (family: number) => `self.filter(a, isIP(a) && ip(a).family() == ${family}).size() <= 1`;

const requestedAddresses = () =>
  rule(list(address().describe('An address of the pools.'), 2), {
    cel: `${ofFamily(4)} && ${ofFamily(6)}`,
    message: 'at most one address of each family',
    messageExpression:
      "'%s are of one family; request at most one IPv4 and one IPv6 address'.format([self.join(', ')])",
    check: (addresses) => {
      const bits = addresses.map((text) => parseIp(text)?.bits);
      const isOneEach = [32, 128].every((family) => bits.filter((found) => found === family).length <= 1);
      if (isOneEach) return undefined;
      return `${addresses.join(', ')} are of one family; request at most one IPv4 and one IPv6 address`;
    },
  });

export const PeerSpec = z
  .object({
    gatewayRef: z
      .object({ name: objectReference(MAX_NAME_LENGTH).describe('Name of a gateway in the namespace of the peer.') })
      .meta({
        'x-kubernetes-map-type': 'atomic',
        description: 'The gateway this peer connects to. Cannot be changed.',
      }),
    publicKey: publicKey()
      .optional()
      .describe(
        'The public key of the remote end, the 44 characters that `wg pubkey` prints. Default: the operator makes a key pair and keeps it in the Secret that status.configSecret names.',
      ),
    addresses: requestedAddresses()
      .optional()
      .describe(
        'Addresses to ask for, at most one of each family. Default: a free one of each family that the gateway has.',
      ),
    routes: peerRoutes()
      .optional()
      .describe(
        'Networks behind this peer, inside allowedPeerRoutes of the gateway and of no other peer. Default: none.',
      ),
    clientRoutes: networks()
      .optional()
      .describe(
        "AllowedIPs in the client's configuration: what it sends through the tunnel. Default: pools and routes of the gateway.",
      ),
    endpoint: Endpoint.optional().describe(
      'Where the gateway dials this peer. Default: nowhere, the peer dials in and may roam.',
    ),
    persistentKeepaliveSeconds: keepaliveSeconds()
      .optional()
      .describe('Seconds between keepalive packets of the gateway to this peer, 0 for none. Default: none.'),
    presharedKey: z
      .object({
        type: z
          .enum([PresharedKeyType.None, PresharedKeyType.Derived])
          .describe(
            'Derived: from a secret of the gateway, handed over in the Secret that status.configSecret names. None: no preshared key.',
          ),
      })
      .optional()
      .describe('A symmetric key besides the key pairs. Default: Derived for keys that the operator makes, else None.'),
    state: z
      .enum([PeerState.Enabled, PeerState.Disabled])
      .default(PeerState.Enabled)
      .describe('Disabled takes the peer off the device and keeps its addresses. Default: Enabled.'),
  })
  .describe('Who may connect, and how.');
export type PeerSpec = z.input<typeof PeerSpec>;

export const ConnectionState = z.enum(['Connected', 'Idle', 'Disconnected', 'Never', 'Unknown']);
export type ConnectionState = z.infer<typeof ConnectionState>;

export const Connection = z
  .object({
    state: ConnectionState.describe(
      'Connected: a handshake in the last 180 s. Idle: an older one, nothing sent since. Disconnected: traffic waits, no handshake for 300 s. Never: no handshake ever. Unknown: the agent does not answer.',
    ),
    sinceTime: instant().optional().describe('Since when the state holds.'),
    lastHandshakeTime: instant().optional().describe('The last handshake seen, as of observedTime.'),
    observedTime: instant().optional().describe('When the agent saw this; refreshed every few minutes at most.'),
    endpoint: plainText(64).optional().describe('address:port of the last authenticated packet.'),
    receivedBytes: count().optional().describe('Bytes received from the peer, as of observedTime.'),
    sentBytes: count().optional().describe('Bytes sent to the peer, as of observedTime.'),
    nodeName: objectName().optional().describe('The node whose agent saw this.'),
  })
  .describe('What the agent sees of the connection.');
export type Connection = z.infer<typeof Connection>;

export const PeerStatus = z
  .object({
    observedGeneration: observedGeneration().optional(),
    conditions: conditions().optional(),
    addresses: list(address().describe('An address.'), 2)
      .optional()
      .describe('The addresses that belong to this peer, at most one of each family.'),
    routes: networks().optional().describe('The networks behind this peer that were granted.'),
    publicKey: publicKey().optional().describe('The public key that was accepted, or made.'),
    presharedKey: z
      .enum([PresharedKeyType.None, PresharedKeyType.Derived])
      .optional()
      .describe('Which preshared key the device uses.'),
    configSecret: z
      .object({ name: objectName().describe('Name of a Secret in the namespace of the peer.') })
      .optional()
      .describe(
        "The Secret with wg.conf for wg-quick: complete for a key that the operator made, without PrivateKey for a key of the peer's own.",
      ),
    connection: Connection.optional(),
  })
  .describe('What the operator decided and what the agent reported. Only the operator writes it.');
export type PeerStatus = z.infer<typeof PeerStatus>;

const condition = (type: string, field: string) => `.status.conditions[?(@.type=="${type}")].${field}`;

/** One remote end allowed on a gateway. */
export const WireGuardPeer = defineKind({
  kind: 'WireGuardPeer',
  plural: 'wireguardpeers',
  singular: 'wireguardpeer',
  shortNames: ['wgp'],
  categories: ['wireguard'],
  description: 'One remote end that may connect to a gateway: a laptop, a site, a tunnel.',
  spec: PeerSpec,
  status: PeerStatus,
  statusDefault: STATUS_DEFAULT,
  nameMaxLength: MAX_NAME_LENGTH,
  selectableFields: ['.spec.gatewayRef.name'],
  transitions: [
    {
      cel: 'self.spec.gatewayRef.name == oldSelf.spec.gatewayRef.name',
      message: 'spec.gatewayRef cannot be changed; delete the peer and create it anew',
      messageExpression:
        "'%s cannot become %s; delete the peer and create it anew for the other gateway'.format([oldSelf.spec.gatewayRef.name, self.spec.gatewayRef.name])",
      fieldPath: '.spec.gatewayRef.name',
      check: (peer, old) => {
        const [before, after] = [old?.spec.gatewayRef.name, peer.spec.gatewayRef.name];
        if (before === undefined || before === after) return undefined;
        return `${before} cannot become ${after}; delete the peer and create it anew for the other gateway`;
      },
    },
  ],
  columns: [
    {
      name: 'Ready',
      type: 'string',
      jsonPath: condition('Ready', 'status'),
      description: 'Whether the device has it as decided',
    },
    {
      name: 'Connected',
      type: 'string',
      jsonPath: condition('Connected', 'status'),
      description: 'Whether its tunnel is up',
    },
    { name: 'Gateway', type: 'string', jsonPath: '.spec.gatewayRef.name', description: 'The gateway it connects to' },
    { name: 'Address', type: 'string', jsonPath: '.status.addresses[0]', description: 'Its first address' },
    {
      name: 'Since',
      type: 'date',
      jsonPath: '.status.connection.sinceTime',
      description: 'Age of the connection state',
    },
    {
      name: 'Last-Handshake',
      type: 'date',
      jsonPath: '.status.connection.lastHandshakeTime',
      description: 'Age of the last handshake seen',
      wide: true,
    },
    {
      name: 'Endpoint',
      type: 'string',
      jsonPath: '.status.connection.endpoint',
      description: 'Where it was last seen',
      wide: true,
    },
    {
      name: 'Reason',
      type: 'string',
      jsonPath: condition('Ready', 'reason'),
      description: 'Why it is or is not ready',
      wide: true,
    },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'Since when it exists' },
  ],
});
export type WireGuardPeer = ObjectOf<typeof WireGuardPeer>;
