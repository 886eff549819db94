import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { PeerwrightError } from '../runtime/error.ts';
import { type Credentials, TokenFile } from './credentials.ts';

export type { Credentials } from './credentials.ts';

/** Where the API server is, how to know it, and how to prove who we are. */
export interface Connection {
  /** Such as `https://10.96.0.1:443`, with a path where it is behind another server, without a slash at the end. */
  readonly server: string;
  /** PEM of the authorities to trust; undefined means the system's. */
  readonly ca: string | undefined;
  /** The name expected in the server's certificate when it differs from the host in `server`. */
  readonly serverName?: string;
  /** Trust any certificate; only ever from a kubeconfig that says `insecure-skip-tls-verify`. */
  readonly insecure?: boolean;
  readonly credentials: Credentials;
  /** The namespace that calls without one are meant for, where the context or the service account names it. */
  readonly namespace?: string;
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
  const files = kubeconfigFiles(source);
  return files === undefined ? inCluster(source) : fromKubeconfig(files, source);
}

/** Names of the contexts to choose from; none in a cluster. Error: KubeconfigInvalid. */
export async function contextsOf(source: ConnectionSource): Promise<readonly string[]> {
  const { contextNames } = await import('./kubeconfig-file.ts');
  return contextNames(kubeconfigFiles(source) ?? []);
}

/** Undefined: the service account. */
function kubeconfigFiles({ kubeconfig, env }: ConnectionSource): readonly string[] | undefined {
  const named = kubeconfig ?? env['KUBECONFIG'];
  if (named !== undefined && named !== '') return named.split(delimiter).filter(Boolean);
  if (env['KUBERNETES_SERVICE_HOST'] !== undefined) return undefined;
  return [join(env['HOME'] || homedir(), '.kube', 'config')];
}

async function inCluster(source: ConnectionSource): Promise<Connection> {
  const folder = source.serviceAccountFolder ?? SERVICE_ACCOUNT_FOLDER;
  const host = source.env['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = source.env['KUBERNETES_SERVICE_PORT'] ?? '443';
  const credentials = new TokenFile(join(folder, 'token'), { clock: source.clock ?? systemClock });
  await credentials.token();
  const namespace = await readNamespace(join(folder, 'namespace'));
  return {
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    ca: await readCa(join(folder, 'ca.crt')),
    credentials,
    ...(namespace === undefined ? {} : { namespace }),
  };
}

async function readNamespace(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim() || undefined;
  } catch {
    return undefined;
  }
}

async function readCa(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new PeerwrightError('ServiceAccountUnreadable', `The API server's authority ${path} cannot be read.`, {
      cause,
    });
  }
}

/** Loaded lazily: processes in a cluster need none of it. */
async function fromKubeconfig(files: readonly string[], source: ConnectionSource): Promise<Connection> {
  const { kubeconfigConnection } = await import('./kubeconfig.ts');
  return kubeconfigConnection(
    { files, context: source.context, skipMissing: source.kubeconfig === undefined },
    {
      env: source.env,
      clock: source.clock ?? systemClock,
      authProviders: () => import('@kubernetes/client-node'),
    },
  );
}
