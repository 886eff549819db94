import { z } from 'zod';
import { USERSPACE_FOLDER } from '../dataplane/userspace-request.ts';
import { healthOptions, logOptions } from '../runtime/common-options.ts';

/** Options of `peerwright agent`. The node is none of them: the agent's own token names it. */
export const AgentConfig = z.object({
  kubeconfig: z.string().optional().describe('Kubeconfig file; without it the service account of the pod.'),
  namespace: z.string().default('peerwright-system').describe('Namespace of node configs, reports and Leases.'),
  stateDir: z.string().default('/var/lib/peerwright').describe('Folder of the identity to which keys are sealed.'),
  userspaceDir: z.string().default(USERSPACE_FOLDER).describe('Folder shared with `peerwright userspace`.'),
  ...healthOptions(9941),
  ...logOptions,
});
export type AgentConfig = z.infer<typeof AgentConfig>;
