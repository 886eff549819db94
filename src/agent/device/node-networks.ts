import { isIP } from 'node:net';
import type { Dataplane } from '../../dataplane/port.ts';
import { parseAddress } from '../../mesh/ip/address.ts';
import { hostPrefix } from '../../mesh/ip/prefix.ts';
import type { DeviceName } from '../../mesh/model.ts';
import type { OccupiedNetwork } from '../../mesh/route-conflict.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Observations } from './observations.ts';

export interface NodeNetworksDeps {
  readonly dataplane: Pick<Dataplane, 'nodeNetworks' | 'resolve'>;
  /** URL of the API server as this agent reaches it. */
  readonly apiServer: string;
  readonly observations: Pick<Observations, 'list'>;
  readonly clock: Pick<Clock, 'sleep'>;
}

/** For a resolver: without the API server nothing works for long, but its address is known from before. */
const PATIENCE_MS = 2_000;

/** Everything on this node that a new route of a device must not cover. */
export class NodeNetworks {
  readonly #deps: NodeNetworksDeps;
  #apiServer: readonly string[] = [];

  constructor(deps: NodeNetworksDeps) {
    this.#deps = deps;
  }

  /** Of the node and of others. */
  async ofNode(signal: AbortSignal): Promise<readonly OccupiedNetwork[]> {
    const [networks, apiServer] = await Promise.all([
      this.#deps.dataplane.nodeNetworks(signal),
      this.#apiServerAddresses(signal),
    ]);
    return [...networks, ...apiServer.flatMap(networkOfApiServer)];
  }

  /** The routes of our other devices, as they were when last looked at. */
  ofOurs(besides: DeviceName): readonly OccupiedNetwork[] {
    const others = this.#deps.observations.list().filter(({ name }) => name !== besides);
    const routes = others.flatMap(({ device }) => device?.routes ?? []);
    return routes.map((prefix) => ({ prefix, what: 'a route of another gateway', kind: 'Route' }));
  }

  async #apiServerAddresses(signal: AbortSignal): Promise<readonly string[]> {
    const host = new URL(this.#deps.apiServer).hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0) return [host];
    const found = await this.#resolve(host, signal);
    if (found.length > 0) this.#apiServer = found;
    return this.#apiServer;
  }

  async #resolve(host: string, signal: AbortSignal): Promise<readonly string[]> {
    const done = new AbortController();
    const resolving = this.#deps.dataplane.resolve(host, AbortSignal.any([signal, done.signal])).catch(() => []);
    const waiting = this.#deps.clock.sleep(PATIENCE_MS, AbortSignal.any([signal, done.signal])).then(() => []);
    try {
      return await Promise.race([resolving, waiting]);
    } finally {
      done.abort();
    }
  }
}

function networkOfApiServer(text: string): OccupiedNetwork[] {
  const address = parseAddress(text);
  return address === undefined
    ? []
    : [{ prefix: hostPrefix(address), what: `the API server at ${address}`, kind: 'ApiServer' }];
}
