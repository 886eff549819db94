import type { Dataplane } from '../../dataplane/port.ts';
import { deviceMtu } from '../../mesh/mtu.ts';
import type { CurrentDevice, CurrentPeer } from '../../mesh/model.ts';
import type { Clock } from '../../runtime/clock.ts';

export interface UnderlayDeps {
  readonly dataplane: Pick<Dataplane, 'underlayMtu'>;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** Less than the time between two polls, so that each poll looks; passes for one peer after another do not. */
const LOOK_MS = 3_000;
/** The ways to the others are hardly different, and each costs a question to the kernel. */
const MOST_REMOTES = 256;

/** The MTU that one device should have. */
export class Underlay {
  readonly #deps: UnderlayDeps;
  #last: { readonly atMs: number; readonly mtu: number | undefined; readonly hasDevice: boolean } | undefined;

  constructor(deps: UnderlayDeps) {
    this.#deps = deps;
  }

  /** As configured, else from the ways to the peers that were heard last, else from the default routes. */
  async mtu(configured: number | undefined, current: CurrentDevice | undefined, signal: AbortSignal): Promise<number> {
    if (configured !== undefined) return configured;
    const atMs = this.#deps.clock.monotonic();
    const hasDevice = current !== undefined;
    if (this.#last?.hasDevice !== hasDevice || atMs - this.#last.atMs >= LOOK_MS) {
      this.#last = { atMs, hasDevice, mtu: await this.#look(remotesOf(current), signal) };
    }
    return deviceMtu(undefined, this.#last.mtu);
  }

  async #look(remotes: readonly string[], signal: AbortSignal): Promise<number | undefined> {
    const { dataplane } = this.#deps;
    const found = remotes.length === 0 ? undefined : await dataplane.underlayMtu(remotes, signal);
    return found ?? (await dataplane.underlayMtu([], signal));
  }
}

function remotesOf(current: CurrentDevice | undefined): string[] {
  const dialled = [...(current?.peers.values() ?? [])].filter(({ endpoint }) => endpoint !== undefined);
  const latest = dialled.length <= MOST_REMOTES ? dialled : dialled.toSorted(byHandshake).slice(0, MOST_REMOTES);
  return [...new Set(latest.map(({ endpoint = '' }) => addressIn(endpoint)))];
}

function byHandshake(a: CurrentPeer, b: CurrentPeer): number {
  return (b.lastHandshakeMs ?? 0) - (a.lastHandshakeMs ?? 0);
}

/** Of `192.0.2.1:51820` or `[2001:db8::1]:51820`. */
function addressIn(endpoint: string): string {
  return endpoint.slice(0, endpoint.lastIndexOf(':')).replace(/^\[|\]$/g, '');
}
