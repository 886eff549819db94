import type { KubeClient } from '../../kube/client.ts';
import { KubeError, KubeErrorCode } from '../../kube/errors.ts';
import type { KubeObject, Resource } from '../../kube/object.ts';
import { Reflector } from '../../kube/reflector.ts';
import { type Projected, Store } from '../../kube/store.ts';
import type { Clock } from '../../runtime/clock.ts';
import { type Cluster, forbiddenWith } from '../cluster.ts';
import { gateways, nodeReports, peers } from '../resources.ts';
import type { Readable, Scope } from './gather.ts';
import { reportedConnections } from './reported.ts';
import type { MeshObjects } from './view.ts';

interface Held<T> extends Projected {
  readonly object: T;
}

export interface MeshWatchOptions {
  readonly cluster: Cluster;
  readonly scope: Scope;
  readonly readable: Readable;
  readonly clock: Clock;
}

/** Gateways, peers and reports as they are now, kept so by watches until the signal aborts. */
export class MeshWatch {
  readonly #options: MeshWatchOptions;
  readonly #gateways = new Kept(gateways);
  readonly #peers = new Kept(peers);
  readonly #reports = new Kept(nodeReports);
  #changed = Promise.withResolvers<void>();

  constructor(options: MeshWatchOptions) {
    this.#options = options;
  }

  /** Rejects when the caller may not watch; resolves when the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { cluster, clock, scope } = this.#options;
    const follow = { cluster, clock, onChange: () => this.#tell() };
    const { namespace, labelSelector } = scope;
    const chosen = { namespace, labelSelector };
    const reports = this.#reports.follow({ ...follow, namespace: scope.systemNamespace }, signal);
    await Promise.all([
      ...this.#watched.map((kept) => kept.follow({ ...follow, ...chosen }, signal)),
      // without them the statuses have to do
      reports.catch(() => undefined),
    ]);
  }

  get isSynced(): boolean {
    return this.#watched.every(({ store }) => store.synced);
  }

  /** What is wrong with the connection at the moment. */
  get trouble(): string | undefined {
    return this.#watched.map((kept) => kept.trouble).find((trouble) => trouble !== undefined);
  }

  get objects(): MeshObjects {
    return {
      gateways: this.#gateways.items,
      peers: this.#peers.items,
      reported: reportedConnections(this.#reports.items),
      isComplete: this.#options.readable.peers && this.#options.scope.labelSelector === undefined,
    };
  }

  /** Resolves at the next change. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  get #watched() {
    const { readable } = this.#options;
    return [...(readable.gateways ? [this.#gateways] : []), ...(readable.peers ? [this.#peers] : [])];
  }

  #tell(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

interface FollowOptions extends Pick<MeshWatchOptions, 'cluster' | 'clock'> {
  readonly namespace: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly onChange: () => void;
}

/** The objects of one kind, and how its watch is. */
class Kept<T extends KubeObject> {
  readonly #resource: Resource<T>;
  readonly store = new Store<Held<T>>();
  /** What is wrong with the connection at the moment. */
  trouble: string | undefined;

  constructor(resource: Resource<T>) {
    this.#resource = resource;
  }

  get items(): readonly T[] {
    return this.store.list().map(({ object }) => object);
  }

  async follow(options: FollowOptions, outer: AbortSignal): Promise<void> {
    const { clock, namespace, labelSelector, onChange } = options;
    const resource = this.#resource;
    const refused = new AbortController();
    const reflector = new Reflector<T, Held<T>>({
      client: this.#hopeful(options),
      resource,
      namespace,
      labelSelector,
      timings: { maxMs: LONGEST_WAIT_MS },
      store: this.store,
      clock,
      project: (object) => ({ ...identityOf(object), object }),
      onError: (error) => {
        this.trouble = messageOf(error);
        if (isRefusal(error)) refused.abort(forbiddenWith(error, { verb: 'watch', resource, namespace }));
        onChange();
      },
    });
    this.store.subscribe(onChange);
    await reflector.run(AbortSignal.any([outer, refused.signal]));
    if (!outer.aborted) throw refused.signal.reason;
  }

  /** A watch that opens is the end of trouble, also where nothing has changed since. */
  #hopeful({ cluster, onChange }: FollowOptions): Pick<KubeClient, 'watch' | 'pages'> {
    const { client } = cluster;
    return {
      pages: client.pages.bind(client),
      watch: async (resource, options) => {
        const body = await client.watch(resource, options);
        this.trouble = undefined;
        onChange();
        return body;
      },
    };
  }
}

/** Somebody looks at the screen: less than what a controller would wait. */
const LONGEST_WAIT_MS = 3_000;

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function identityOf({ metadata }: KubeObject): Projected {
  const { namespace = '', name, uid = '', resourceVersion = '' } = metadata;
  return { namespace, name, uid, resourceVersion };
}

function isRefusal(error: unknown): error is KubeError {
  if (!(error instanceof KubeError)) return false;
  return error.code === KubeErrorCode.forbidden || error.code === KubeErrorCode.unauthorized;
}
