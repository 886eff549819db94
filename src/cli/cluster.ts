import { type CallOptions, KubeClient, type Verb } from '../kube/client.ts';
import { loadConnection } from '../kube/config.ts';
import { isNotFound, isUnreachable, KubeError, KubeErrorCode } from '../kube/errors.ts';
import { type KubeObject, keyOf, type ObjectRef, type Resource } from '../kube/object.ts';
import type { GlobalOptions } from './actions.ts';
import { CliError, EXIT_CODE, isForbidden } from './failure.ts';

export interface ConnectDeps {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** Connects with the caller's own rights. Errors: KubeconfigInvalid, ServiceAccountUnreadable. */
export async function connect(options: GlobalOptions, { env, signal }: ConnectDeps): Promise<Cluster> {
  const { kubeconfig, context } = options;
  const connection = await loadConnection({ kubeconfig, context, env });
  const client = new KubeClient({ connection, userAgent: 'peerwright-cli', connections: 8 });
  const namespace = options.namespace || connection.namespace || 'default';
  return new Cluster({ client, server: connection.server, namespace, signal });
}

/** Which objects of a kind. */
export interface Chosen {
  /** Undefined: of all. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
}

/** Reads from the API server. What the caller may not do is an error that names the right to ask for. */
export class Cluster {
  readonly client: KubeClient;
  /** The one that was asked for, else that of the context. */
  readonly namespace: string;
  readonly signal: AbortSignal;
  readonly #server: string;

  constructor({ client, server, namespace, signal }: ClusterOptions) {
    this.client = client;
    this.namespace = namespace;
    this.signal = signal;
    this.#server = server;
  }

  async list<T extends KubeObject>(resource: Resource<T>, chosen: Chosen): Promise<readonly T[]> {
    const call = this.client.list(resource, { ...chosen, signal: this.signal });
    const { items } = await this.#named(call, { verb: 'list', resource, namespace: chosen.namespace });
    return items;
  }

  async get<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef): Promise<T> {
    const options: CallOptions = { signal: this.signal };
    const call = this.client.get(resource, ref, options);
    return await this.#named(call, { verb: 'get', resource, namespace: ref.namespace });
  }

  /** Undefined when it does not exist. */
  async find<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef): Promise<T | undefined> {
    try {
      return await this.get(resource, ref);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  close(): Promise<void> {
    return this.client.close();
  }

  async #named<T>(call: Promise<T>, asked: Asked): Promise<T> {
    try {
      return await call;
    } catch (error) {
      if (isForbidden(error)) throw forbiddenWith(error, asked);
      throw isUnreachable(error) ? unreachableAt(error, this.#server) : error;
    }
  }
}

interface ClusterOptions extends Pick<Cluster, 'client' | 'namespace' | 'signal'> {
  readonly server: string;
}

interface Asked {
  readonly verb: Verb;
  readonly resource: Resource<KubeObject>;
  readonly namespace: string | undefined;
}

/** The same error with the right that is missing, where that is what is wrong. */
export function forbiddenWith(error: KubeError, { verb, resource, namespace }: Asked): KubeError {
  if (!isForbidden(error)) return error;
  const { message, status, reason } = error;
  const where = namespace === undefined ? 'in all namespaces, or choose one with -n' : `in namespace ${namespace}`;
  const hint = `ask for ${verb} on ${resource.plural} ${where}`;
  return new KubeError({ code: KubeErrorCode.forbidden, message, status, reason, hint });
}

/** Codes of Node and OpenSSL that tell of a certificate rather than of the way to the server. */
const CERTIFICATE = /CERT|ISSUER|SIGNATURE|ALTNAME|OSSL|SSL_/;

/** The same error with where the server should be, and what of the kubeconfig to look at. */
function unreachableAt({ message, status, reason }: KubeError, server: string): KubeError {
  const { origin } = new URL(server);
  const hint = CERTIFICATE.test(reason)
    ? `the certificates of ${origin} and of the kubeconfig do not fit: see certificate-authority and client-certificate`
    : `see whether ${origin} is its address, and whether the network leads there`;
  return new KubeError({ code: KubeErrorCode.unreachable, message, status, reason, hint });
}

/** An object that was asked for by name and is not there. */
export function notThere(kind: string, ref: ObjectRef, hint: string): CliError {
  return new CliError(`there is no ${kind} ${keyOf(ref)}`, { hint, exitCode: EXIT_CODE.failed });
}
