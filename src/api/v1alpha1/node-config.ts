import { z } from 'zod';
import { defineKind, type ObjectOf } from '../kind.ts';

import {
  GatewayIdentity,
  MAX_NODE_NAME_LENGTH,
  address,
  ageRecipient,
  cidr,
  list,
  objectUID,
  port,
  publicKey,
} from './common.ts';
import { mtu, networks } from './route.ts';
import { Masquerade, PeerTraffic } from './traffic.ts';

/** A node's identity as the operator pinned it: another recipient for this nodeUID is never used. */
export const NodeIdentity = z
  .object({
    nodeUID: objectUID().describe('Uid of the Node.'),
    recipient: ageRecipient().describe('age recipient of its agent, to which keys are sealed.'),
  })
  .meta({ 'x-kubernetes-map-type': 'atomic', description: 'The identity pinned for this node.' });
export type NodeIdentity = z.infer<typeof NodeIdentity>;

/** One device this node must run: complete, so that the agent needs nothing else but the peers. */
export const ConfiguredGateway = z
  .object({
    gateway: GatewayIdentity,
    generation: z.int().min(0).describe('metadata.generation of the gateway that this was decided from.'),
    keyNumber: z.int().min(1).describe('Number of the key, as in the name of its Secret.'),
    publicKey: publicKey().describe('The public key that the sealed key must derive to.'),
    /** age file, base64, sealed to `identity.recipient`; see `SealedPayload` in keys/. */
    sealedKey: z
      .string()
      .min(1)
      .max(4096)
      .regex(/^[A-Za-z0-9+/]+={0,2}$/)
      .describe('The private key, sealed to the recipient: an age file, base64.'),
    listenPort: port().describe('UDP port to listen on.'),
    /** The gateway's own addresses, without prefix length. */
    addresses: list(address().describe('An address.'), 8).describe("The gateway's own addresses."),
    /** Networks of the gateway's pools: one node route each, and the bound of what peers may have. */
    pools: list(cidr().describe('A network.'), 8).describe(
      'The pools: routed to the device, and the bound of what peers may have.',
    ),
    mtu: mtu().optional().describe('MTU to have; without it the agent finds out.'),
    routes: networks().optional().describe('Networks that peers may reach through the device.'),
    allowedPeerRoutes: networks().optional().describe('The bound of what peers may have behind them.'),
    masquerade: z
      .enum([Masquerade.Enabled, Masquerade.Disabled])
      .optional()
      .describe('Whether peers appear with the address of the node. Default: Enabled.'),
    peerTraffic: z
      .enum([PeerTraffic.Isolated, PeerTraffic.Open])
      .optional()
      .describe('Whether peers reach each other. Default: Isolated.'),
  })
  .describe('One device that this node must run.');
export type ConfiguredGateway = z.infer<typeof ConfiguredGateway>;

export const NodeConfigSpec = z
  .object({
    identity: NodeIdentity,
    gateways: list(ConfiguredGateway, 64).describe('The devices that this node must run, complete.'),
  })
  .describe('What this node must run.');
export type NodeConfigSpec = z.infer<typeof NodeConfigSpec>;

/** The devices one node must run; its name is that of the node. */
export const WireGuardNodeConfig = defineKind({
  kind: 'WireGuardNodeConfig',
  plural: 'wireguardnodeconfigs',
  singular: 'wireguardnodeconfig',
  shortNames: ['wgnc'],
  categories: [],
  description: 'The devices that the node of the same name must run, with keys sealed to it. Written by the operator.',
  spec: NodeConfigSpec,
  nameMaxLength: MAX_NODE_NAME_LENGTH,
  columns: [
    {
      name: 'Gateways',
      type: 'string',
      jsonPath: '.spec.gateways[*].gateway.name',
      description: 'Names of the gateways on this node',
    },
    {
      name: 'Recipient',
      type: 'string',
      jsonPath: '.spec.identity.recipient',
      description: 'The pinned age recipient',
      wide: true,
    },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'Since when it exists' },
  ],
});
export type WireGuardNodeConfig = ObjectOf<typeof WireGuardNodeConfig>;
