import type { Connection } from './config.ts';
import { KubeError, KubeErrorCode } from './errors.ts';
import { apiVersionOf, type KubeObject, keyOf, type ObjectRef, type Resource } from './object.ts';
import { type PathParts, pathOf } from './paths.ts';
import { type Method, type RawRequest, Transport } from './transport.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

/** One finished call, for metrics. `status` is 0 when no answer came. A watch is reported when it is open. */
export interface RequestMetric {
  readonly verb: Verb;
  /** Plural of the kind, with the subresource: `wireguardpeers/status`. */
  readonly resource: string;
  readonly status: number;
  readonly seconds: number;
}

export interface ClientOptions {
  readonly connection: Connection;
  /** Requests in flight at most, 16..32 is where throughput saturates; default 24. */
  readonly connections?: number;
  readonly userAgent?: string;
  readonly onRequest?: (metric: RequestMetric) => void;
}

export interface CallOptions {
  readonly signal: AbortSignal;
  /** Default 30 s. */
  readonly timeoutMs?: number;
  readonly subresource?: 'status';
}

export interface DeleteOptions extends CallOptions {
  /** Preconditions: a Conflict unless they hold. */
  readonly uid?: string;
  readonly resourceVersion?: string;
}

export interface ListOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
  /** Absent means all namespaces. */
  readonly namespace?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly labelSelector?: string | undefined;
  /** Objects a request; default 500. */
  readonly pageSize?: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Of the collection; the same on all pages. */
  readonly resourceVersion: string;
}

export interface WatchOptions {
  readonly signal: AbortSignal;
  readonly namespace?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly labelSelector?: string | undefined;
  /** Other query parameters, such as `resourceVersion` and `timeoutSeconds`. */
  readonly query?: PathParts['query'];
}

/** The bytes of a watch, as they come. Leaving a `for await` over it closes the stream. */
export type WatchBody = AsyncIterable<Buffer> & { destroy(): unknown };

const DEFAULT_CONNECTIONS = 24;
const PAGE_SIZE = 500;

/**
 * Typed calls to the API server over kept-alive connections. Every failure is a KubeError, except an abort, which
 * rejects with the signal's reason. Nothing is repeated but a GET on a reset connection and a call that met a rotated token.
 */
export class KubeClient {
  readonly #options: ClientOptions;
  readonly #transport: Transport;
  readonly #onRequest: (metric: RequestMetric) => void;
  readonly #guard: () => void;

  constructor(options: ClientOptions, shared?: { readonly transport: Transport; readonly guard: () => void }) {
    const { connection, connections = DEFAULT_CONNECTIONS, userAgent = 'peerwright' } = options;
    this.#options = options;
    this.#transport = shared?.transport ?? new Transport({ connection, connections, userAgent });
    this.#onRequest = options.onRequest ?? (() => undefined);
    this.#guard = shared?.guard ?? (() => undefined);
  }

  /** A client on the same connections that asks `guard` before every write; what it throws is the call's error. */
  guarded(guard: () => void): KubeClient {
    const both = () => {
      this.#guard();
      guard();
    };
    return new KubeClient(this.#options, { transport: this.#transport, guard: both });
  }

  get<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, options: CallOptions): Promise<T> {
    return this.#call<T>(resource, { verb: 'get', method: 'GET', ref, options });
  }

  /** The whole collection, fetched page by page. For large ones take `pages`. */
  async list<T extends KubeObject>(resource: Resource<T>, options: ListOptions): Promise<Page<T>> {
    const items: T[] = [];
    let resourceVersion = '';
    for await (const page of this.pages(resource, options)) {
      items.push(...page.items);
      resourceVersion = page.resourceVersion;
    }
    return { items, resourceVersion };
  }

  /** The collection as it was at the first page's moment. Throws Gone when reading takes longer than the server keeps it. */
  async *pages<T extends KubeObject>(resource: Resource<T>, options: ListOptions): AsyncGenerator<Page<T>, void> {
    const { fieldSelector, labelSelector, pageSize: limit = PAGE_SIZE } = options;
    let next: string | undefined;
    do {
      const query = { fieldSelector, labelSelector, limit, continue: next };
      const path = { namespace: options.namespace, query };
      const page: ListBody<T> = await this.#call(resource, { verb: 'list', method: 'GET', path, options });
      yield { items: page.items ?? [], resourceVersion: page.metadata?.resourceVersion ?? '' };
      next = page.metadata?.continue;
    } while (next);
  }

  create<T extends KubeObject>(resource: Resource<T>, object: T, options: CallOptions): Promise<T> {
    const { namespace, name } = object.metadata;
    const body = { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind };
    const path = { namespace, subresource: options.subresource };
    return this.#call<T>(resource, { verb: 'create', method: 'POST', ref: { namespace, name }, path, body, options });
  }

  /** PUT. With `metadata.resourceVersion` a compare-and-swap: Conflict when it is stale. */
  replace<T extends KubeObject>(resource: Resource<T>, object: T, options: CallOptions): Promise<T> {
    const body = { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind };
    return this.#call<T>(resource, { verb: 'update', method: 'PUT', ref: object.metadata, body, options });
  }

  /** JSON merge patch (RFC 7386). With `metadata.resourceVersion` in it, Conflict when that is stale; a uid is not checked. */
  mergePatch<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    { patch, ...options }: CallOptions & { readonly patch: object },
  ): Promise<T> {
    const contentType = 'application/merge-patch+json';
    return this.#call<T>(resource, { verb: 'patch', method: 'PATCH', ref, body: patch, contentType, options });
  }

  /** Resolves when the API server has accepted the deletion. */
  async delete<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, options: DeleteOptions): Promise<void> {
    const { uid, resourceVersion } = options;
    const preconditions = { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) };
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions, propagationPolicy: 'Background' };
    await this.#call<KubeObject>(resource, { verb: 'delete', method: 'DELETE', ref, body, options });
  }

  /** Opens a watch on a connection of its own; `watchEvents` reads it. */
  watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): Promise<WatchBody> {
    const { namespace, fieldSelector, labelSelector, signal } = options;
    const path = pathOf(resource, {
      namespace,
      query: { ...options.query, watch: true, fieldSelector, labelSelector },
    });
    const what = `watch ${resource.plural}`;
    return this.#measured('watch', resource.plural, () => this.#transport.open({ method: 'GET', path, what, signal }));
  }

  /** Any call that the others do not cover, such as `/version` or a TokenReview; guarded when it is no GET. */
  async request(request: Omit<RawRequest, 'what'>): Promise<unknown> {
    if (request.method !== 'GET') this.#guard();
    return this.#transport.call({ ...request, what: `${request.method} ${request.path.split('?')[0] ?? ''}` });
  }

  /** Ends all connections; calls in flight fail. */
  close(): Promise<void> {
    return this.#transport.close();
  }

  async #call<R>(resource: Resource<KubeObject>, call: Call): Promise<R> {
    const { verb, method, ref, body, contentType, options } = call;
    if (method !== 'GET') this.#guard();
    const parts = call.path ?? { ...ref, subresource: options.subresource };
    const target = options.subresource === undefined ? resource.plural : `${resource.plural}/${options.subresource}`;
    const request: RawRequest = {
      method,
      path: pathOf(resource, parts),
      signal: options.signal,
      what: `${verb} ${target} ${ref === undefined ? '' : keyOf(ref)}`.trimEnd(),
      secret: resource.group === '' && resource.plural === 'secrets',
      ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
      ...(body === undefined ? {} : { body }),
      ...(contentType === undefined ? {} : { contentType }),
    };
    return this.#measured(verb, target, async () => checked<R>(await this.#transport.call(request), request.what));
  }

  async #measured<R>(verb: Verb, resource: string, call: () => Promise<R>): Promise<R> {
    const start = performance.now();
    let status = 200;
    try {
      return await call();
    } catch (error) {
      status = error instanceof KubeError ? error.status : 0;
      throw error;
    } finally {
      this.#onRequest({ verb, resource, status, seconds: (performance.now() - start) / 1000 });
    }
  }
}

interface Call {
  readonly verb: Verb;
  readonly method: Method;
  readonly ref?: ObjectRef;
  readonly path?: PathParts;
  readonly body?: object;
  readonly contentType?: string;
  readonly options: { readonly signal: AbortSignal; readonly timeoutMs?: number; readonly subresource?: 'status' };
}

interface ListBody<T> {
  readonly items?: readonly T[];
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
}

/** The API server vouches for the shape of its kinds; whoever needs more than that validates (a projection does). */
function checked<R>(body: unknown, what: string): R {
  if (typeof body === 'object' && body !== null) return body as R;
  const message = `${what}: the answer is no object`;
  throw new KubeError({ code: KubeErrorCode.badResponse, message, status: 200, reason: '' });
}
