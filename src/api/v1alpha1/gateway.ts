import { z } from 'zod';
import { containsNetwork, parseNetwork } from '../ip.ts';
import { defineKind, type ObjectOf } from '../kind.ts';
import { rule } from '../rule.ts';
import {
  MAX_NAME_LENGTH,
  STATUS_DEFAULT,
  address,
  cidr,
  conditions,
  count,
  list,
  objectName,
  observedGeneration,
  plainText,
  port,
  publicKey,
} from './common.ts';
import { Endpoint } from './endpoint.ts';
import { nodeSelector } from './node-selector.ts';
import { pools } from './pool.ts';
import { keepaliveSeconds, mtu, networks, peerRoutes } from './route.ts';
import { Masquerade, PeerTraffic } from './traffic.ts';

export { Endpoint } from './endpoint.ts';
export { Pool } from './pool.ts';

const GatewayFields = z
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
    mtu: mtu()
      .optional()
      .describe(
        'MTU of the interface, 1280 to 65456 bytes. Default: 80 less than the smallest MTU on the way to the clients, at least 1280.',
      ),
    routes: networks()
      .optional()
      .describe(
        'Networks that peers reach through this gateway: written into their configuration, and the only ones that are forwarded to. Default: none.',
      ),
    masquerade: z
      .enum([Masquerade.Enabled, Masquerade.Disabled])
      .default(Masquerade.Enabled)
      .describe(
        "Enabled: peers appear with the node's address in `routes`, so that answers find back. Disabled: with their own. Default: Enabled.",
      ),
    peerTraffic: z
      .enum([PeerTraffic.Isolated, PeerTraffic.Open])
      .default(PeerTraffic.Isolated)
      .describe('Open: peers may reach the addresses of each other. Default: Isolated.'),
    allowedPeerRoutes: peerRoutes()
      .optional()
      .describe('Networks that peers may have behind them, and every part of these. Default: none.'),
    client: z
      .object({
        dns: list(address().describe('An address.'), 4)
          .optional()
          .describe('DNS servers in the configuration of clients. Default: none.'),
        persistentKeepaliveSeconds: keepaliveSeconds()
          .default(25)
          .describe('Seconds between keepalive packets of clients, 0 for none. Default: 25.'),
      })
      .optional()
      .describe('What the configuration of clients says besides.'),
  })
  .describe('The interface to have.');

const IN_A_POOL = '!isCIDR(r) || self.pools.all(p, !isCIDR(p.cidr) || !cidr(p.cidr).containsCIDR(r))';

export const GatewaySpec = rule(GatewayFields, {
  cel: `!has(self.routes) || self.routes.all(r, ${IN_A_POOL})`,
  message: 'routes must not lie inside a pool; peerTraffic says whether peers reach each other',
  messageExpression: `'%s lies inside a pool; leave it out, and set peerTraffic to Open if peers should reach each other'.format([self.routes.filter(r, !(${IN_A_POOL}))[0]])`,
  fieldPath: '.routes',
  check: ({ pools: given, routes = [] }) => {
    const all = given.map((pool) => parseNetwork(pool.cidr)).filter((network) => network !== undefined);
    const inside = routes.find((text) => {
      const route = parseNetwork(text);
      return route !== undefined && all.some((pool) => containsNetwork(pool, route));
    });
    if (inside === undefined) return undefined;
    return `${inside} lies inside a pool; leave it out, and set peerTraffic to Open if peers should reach each other`;
  },
});
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
    nodeName: objectName().optional().describe('The node that the gateway is placed on.'),
    endpoint: plainText(262).optional().describe('host:port that clients dial.'),
    listenPort: port().optional().describe('UDP port on the node.'),
    mtu: mtu().optional().describe('MTU of the interface, when the spec gives one.'),
    routes: networks().optional().describe('Networks that peers reach through this gateway.'),
    allowedPeerRoutes: networks().optional().describe('Networks that peers may have behind them.'),
    masquerade: z.enum([Masquerade.Enabled, Masquerade.Disabled]).optional().describe('As decided.'),
    peerTraffic: z.enum([PeerTraffic.Isolated, PeerTraffic.Open]).optional().describe('As decided.'),
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
