import { z } from 'zod';
import { parsePrefix } from '../mesh/ip/prefix.ts';
import { healthOptions, logOptions } from '../runtime/common-options.ts';

const cidrText = z.string().refine((text) => parsePrefix(text) !== undefined, 'not a canonical network');
const port = z.number().int().min(1).max(65535);

/** Options of `peerwright operator`. */
export const OperatorConfig = z
  .object({
    kubeconfig: z.string().optional().describe('Kubeconfig file; without it the service account of the pod.'),
    namespace: z
      .string()
      .default('peerwright-system')
      .describe('Namespace of blocks, node configs, reports and Leases.'),
    operatorAccount: z
      .string()
      .default('peerwright-operator')
      .describe('Service account of the operator, in its namespace.'),
    agentNamespace: z.string().default('peerwright-agents').describe('Namespace of the agents.'),
    agentAccount: z.string().default('peerwright-agent').describe('Service account of the agents.'),
    identity: z.string().default('').describe('Name in the leader Lease; by default made from the host name.'),
    leaderElect: z.boolean().default(true).describe('Work only while holding the leader Lease.'),
    firstPort: port.default(51840).describe('First UDP port given to gateways without listenPort.'),
    lastPort: port.default(51939).describe('Last UDP port given to gateways without listenPort.'),
    forbiddenNetworks: z
      .array(cidrText)
      .default([])
      .describe('Networks that no pool and no route of a peer may overlap, besides those of the cluster.'),
    quarantineSeconds: z
      .number()
      .int()
      .min(0)
      .default(600)
      .describe('How long the address of a peer that went is given to nobody else, at least.'),
    fileWritesPerSecond: z
      .number()
      .min(0.1)
      .max(1000)
      .default(20)
      .describe(
        'How many files of peers are written anew in a second, at most, when what they say of a gateway changes.',
      ),
    fileCheckSeconds: z
      .number()
      .min(1)
      .max(86_400)
      .default(600)
      .describe(
        'How often the Secret of each peer is looked at; until then nobody notices that it was changed or deleted.',
      ),
    policySettleSeconds: z
      .number()
      .min(0)
      .max(300)
      .default(5)
      .describe('How long the admission policies must have been in force before keys are sealed.'),
    ...healthOptions(9940),
    ...logOptions,
  })
  .refine(({ firstPort, lastPort }) => firstPort <= lastPort, {
    path: ['lastPort'],
    message: 'below --first-port',
  });
export type OperatorConfig = z.infer<typeof OperatorConfig>;
