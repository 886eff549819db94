import { z } from 'zod';
import { USERSPACE_FOLDER } from '../dataplane/userspace-request.ts';
import { UAPI_FOLDER } from '../dataplane/wireguard/uapi.ts';
import { logOptions } from '../runtime/common-options.ts';

const absolutePath = () => z.string().regex(/^\/[^\0]*$/);

/** Options of `peerwright userspace`. */
export const UserspaceConfig = z.object({
  folder: absolutePath().default(USERSPACE_FOLDER).describe('Folder of request files, shared with the agent; 0700.'),
  uapiFolder: absolutePath().default(UAPI_FOLDER).describe('Folder in which wireguard-go puts its sockets.'),
  program: z.string().min(1).max(4096).default('wireguard-go').describe('The userspace WireGuard to run.'),
  ...logOptions,
});
export type UserspaceConfig = z.infer<typeof UserspaceConfig>;
