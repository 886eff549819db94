import { z } from 'zod';
import { defineKind, type ObjectOf } from '../kind.ts';
import {
  MAX_NAME_LENGTH,
  STATUS_DEFAULT,
  address,
  cidr,
  conditions,
  count,
  list,
  observedGeneration,
  port,
  publicKey,
} from './common.ts';
import { Endpoint } from './endpoint.ts';
import { nodeSelector } from './node-selector.ts';
import { pools } from './pool.ts';

export { Endpoint } from './endpoint.ts';
export { Pool } from './pool.ts';

export const GatewaySpec = z
  .object({
    pools: pools(),
    placement: z
      .object({
        nodeSelector: nodeSelector()
          .optional()
          .describe(
            'Labels the node must have. Prefer a key under node-restriction.kubernetes.io/, which a node cannot set on itself.',
          ),
      })
      .optional()
      .describe('Which nodes may host the gateway. Default: any schedulable node with a live agent.'),
    endpoint: Endpoint.optional().describe(
      "What clients dial. Default: the node's ExternalIP, else its InternalIP, and the listen port.",
    ),
    listenPort: port()
      .optional()
      .describe("UDP port on the node, 1 to 65535. Default: a free one of the agents' range, kept on a move if free."),
  })
  .describe('The interface to have.');
export type GatewaySpec = z.input<typeof GatewaySpec>;

export const PoolStatus = z
  .object({
    cidr: cidr().describe('The network of the pool.'),
    capacity: count().describe('Addresses that can be given automatically.'),
    allocated: count().describe('Addresses that peers have.'),
    quarantined: count().describe('Addresses of peers that are gone, not given again yet.'),
  })
  .describe('How full one pool is.');
export type PoolStatus = z.infer<typeof PoolStatus>;

export const GatewayStatus = z
  .object({
    observedGeneration: observedGeneration().optional(),
    conditions: conditions().optional(),
    publicKey: publicKey().optional().describe('The public key of the gateway, base64.'),
    addresses: list(address().describe('An address.'), 8)
      .optional()
      .describe("The gateway's own addresses in its pools."),
    nodeName: z.string().max(253).optional().describe('The node that the gateway is placed on.'),
    endpoint: z.string().max(262).optional().describe('host:port that clients dial.'),
    listenPort: port().optional().describe('UDP port on the node.'),
    pools: list(PoolStatus, 8).optional().describe('How full each pool is.'),
    peers: z
      .object({
        total: count().describe('Peers that refer to this gateway.'),
        programmed: count().describe('Peers that are on the device exactly as decided.'),
        connected: count().describe('Peers that are connected or idle.'),
      })
      .optional()
      .describe('Counts of peers, at most about ten seconds old.'),
  })
  .describe('What the operator decided and what the agent reported. Only the operator writes it.');
export type GatewayStatus = z.infer<typeof GatewayStatus>;

const ready = (field: string) => `.status.conditions[?(@.type=="Ready")].${field}`;

/** The interface that the operator places on a node. */
export const WireGuardGateway = defineKind({
  kind: 'WireGuardGateway',
  plural: 'wireguardgateways',
  singular: 'wireguardgateway',
  shortNames: ['wgg'],
  categories: ['wireguard'],
  description: 'A WireGuard interface that the operator places on a node: its key, port and pools of addresses.',
  spec: GatewaySpec,
  status: GatewayStatus,
  statusDefault: STATUS_DEFAULT,
  nameMaxLength: MAX_NAME_LENGTH,
  columns: [
    { name: 'Ready', type: 'string', jsonPath: ready('status'), description: 'Whether the gateway works as decided' },
    { name: 'Endpoint', type: 'string', jsonPath: '.status.endpoint', description: 'What clients dial' },
    { name: 'Node', type: 'string', jsonPath: '.status.nodeName', description: 'The node it is placed on' },
    { name: 'Peers', type: 'integer', jsonPath: '.status.peers.total', description: 'Peers of this gateway' },
    { name: 'Connected', type: 'integer', jsonPath: '.status.peers.connected', description: 'Peers with a connection' },
    { name: 'Reason', type: 'string', jsonPath: ready('reason'), description: 'Why it is or is not ready', wide: true },
    { name: 'Port', type: 'integer', jsonPath: '.status.listenPort', description: 'UDP port on the node', wide: true },
    { name: 'Public-Key', type: 'string', jsonPath: '.status.publicKey', description: 'Its public key', wide: true },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'Since when it exists' },
  ],
});
export type WireGuardGateway = ObjectOf<typeof WireGuardGateway>;
