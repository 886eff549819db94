import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { OperatorConfig } from '../config.ts';
import type { GatewayKeys } from '../gateway/gateway-keys.ts';
import type { Queues } from '../queues.ts';
import type { Caches } from '../world/caches.ts';
import type { UpkeepDeps } from './file-upkeep.ts';
import { FileWriter } from './file-writer.ts';
import { PeerSecrets } from './peer-secrets.ts';
import type { SecretWrite } from './secret-client.ts';
import { SecretClient } from './secret-client.ts';
import { SecretMemory } from './secret-memory.ts';
import { TokenBucket } from './token-bucket.ts';

export interface FilesDeps {
  readonly config: Pick<OperatorConfig, 'fileWritesPerSecond' | 'fileCheckSeconds'>;
  readonly client: Pick<KubeClient, 'get' | 'create' | 'replace' | 'delete'>;
  readonly keys: Pick<GatewayKeys, 'ensure'>;
  readonly caches: Pick<Caches, 'peers' | 'gateways'>;
  readonly queues: Queues;
  readonly clock: Clock;
  readonly onWrite: (write: SecretWrite) => void;
}

/** The parts that make the Secrets of peers and keep their files up to date, put together. */
export function createFiles(deps: FilesDeps): { readonly secrets: PeerSecrets; readonly upkeep: UpkeepDeps } {
  const { config, keys, caches, queues, clock } = deps;
  const memory = new SecretMemory();
  const client = new SecretClient(deps);
  const writer = new FileWriter({ keys, memory, clock });
  const bucket = () => new TokenBucket({ clock, perSecond: config.fileWritesPerSecond });
  const checkEveryMs = config.fileCheckSeconds * 1_000;
  const upkeep = { caches, client, writer, memory, clock, queues, rewrites: bucket(), checks: bucket(), checkEveryMs };
  return { secrets: new PeerSecrets({ client, writer, memory }), upkeep };
}
