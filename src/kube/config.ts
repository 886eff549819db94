import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { PeerwrightError } from '../runtime/error.ts';
import { type Credentials, TokenFile } from './credentials.ts';
import { kubeconfigConnection } from './kubeconfig.ts';

export type { Credentials } from './credentials.ts';

/** Where the API server is, how to know it, and how to prove who we are. */
export interface Connection {
  /** Such as `https://10.96.0.1:443`, without a slash at the end. */
  readonly server: string;
  /** PEM of the authorities to trust; undefined means the system's. */
  readonly ca: string | undefined;
  /** The name expected in the server's certificate when it differs from the host in `server`. */
  readonly serverName?: string;
  /** Trust any certificate; only ever from a kubeconfig that says `insecure-skip-tls-verify`. */
  readonly insecure?: boolean;
  readonly credentials: Credentials;
}

export interface ConnectionSource {
  /** A kubeconfig file. Otherwise `KUBECONFIG`, then the mounted service account, then `~/.kube/config`. */
  readonly kubeconfig?: string | undefined;
  /** A context of the kubeconfig; otherwise its current one. */
  readonly context?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where Kubernetes mounts the service account. */
  readonly serviceAccountFolder?: string;
  readonly clock?: Pick<Clock, 'monotonic'>;
}

const SERVICE_ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Finds the API server and credentials.
 * Throws PeerwrightError `KubeconfigInvalid` or `ServiceAccountUnreadable`, naming the file and the remedy.
 */
export async function loadConnection(source: ConnectionSource): Promise<Connection> {
  const named = source.kubeconfig ?? source.env['KUBECONFIG'];
  if (named !== undefined && named !== '') return fromKubeconfig(named.split(delimiter).filter(Boolean), source);
  if (source.env['KUBERNETES_SERVICE_HOST'] !== undefined) return inCluster(source);
  return fromKubeconfig([join(source.env['HOME'] ?? homedir(), '.kube', 'config')], source);
}

async function inCluster(source: ConnectionSource): Promise<Connection> {
  const folder = source.serviceAccountFolder ?? SERVICE_ACCOUNT_FOLDER;
  const host = source.env['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = source.env['KUBERNETES_SERVICE_PORT'] ?? '443';
  const credentials = new TokenFile(join(folder, 'token'), { clock: source.clock ?? systemClock });
  await credentials.token();
  return {
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    ca: await readCa(join(folder, 'ca.crt')),
    credentials,
  };
}

async function readCa(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new PeerwrightError('ServiceAccountUnreadable', `The API server's authority ${path} cannot be read.`, {
      cause,
      hint: 'Mount a service account token volume there, or name a kubeconfig.',
    });
  }
}

/** Loaded lazily: client-node costs 75 MB, and processes in a cluster do not need it. */
async function fromKubeconfig(files: readonly string[], source: ConnectionSource): Promise<Connection> {
  const clientNode = await import('@kubernetes/client-node');
  return kubeconfigConnection(clientNode, files, source);
}
