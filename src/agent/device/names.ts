import { isIPv6 } from 'node:net';
import type { Dataplane } from '../../dataplane/port.ts';
import type { DeviceName } from '../../mesh/model.ts';
import type { Clock } from '../../runtime/clock.ts';

export interface NamesDeps {
  readonly dataplane: Pick<Dataplane, 'resolve' | 'underlayMtu'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** A name that this device asked for was looked up. */
  readonly onAnswer: (device: DeviceName) => void;
}

export interface Answer {
  /** The best first; empty when there are none. */
  readonly addresses: readonly string[];
  /** Younger than the time for which an answer counts. */
  readonly isFresh: boolean;
}

/** How long an answer counts, and how often a name is looked up at most. */
const FRESH_MS = 30_000;
const FORGOTTEN_MS = 600_000;

/** DNS names, looked up in the background: a resolver that does not answer holds up no device. */
export class Names {
  readonly #deps: NamesDeps;
  /** The oldest first. */
  readonly #answers = new Map<string, { readonly addresses: readonly string[]; readonly atMs: number }>();
  readonly #asking = new Map<string, Set<DeviceName>>();
  #lastLook: Promise<unknown> = Promise.resolve();

  constructor(deps: NamesDeps) {
    this.#deps = deps;
  }

  /** What is known of a name. What is not, or not any more, is looked up; the device is told when that is done. */
  ask(host: string, device: DeviceName, signal: AbortSignal): Answer | undefined {
    const found = this.#answers.get(host);
    const isFresh = found !== undefined && this.#deps.clock.monotonic() - found.atMs < FRESH_MS;
    if (!isFresh) this.#lookUp(host, device, signal);
    return found && { addresses: found.addresses, isFresh };
  }

  #lookUp(host: string, device: DeviceName, signal: AbortSignal): void {
    const asking = this.#asking.get(host);
    if (asking !== undefined) {
      asking.add(device);
      return;
    }
    this.#asking.set(host, new Set([device]));
    void this.#addressesOf(host, signal).then((addresses) => {
      const devices = this.#asking.get(host) ?? [];
      this.#asking.delete(host);
      if (signal.aborted) return;
      this.#keep(host, addresses);
      for (const each of devices) this.#deps.onAnswer(each);
    });
  }

  /** None when the resolver fails: it is asked again like one that knows nothing. */
  async #addressesOf(host: string, signal: AbortSignal): Promise<readonly string[]> {
    try {
      return await this.#reachable(await this.#deps.dataplane.resolve(host, signal), signal);
    } catch {
      return [];
    }
  }

  /** A node without IPv4, or without IPv6, must not dial an address of that family when there is another. */
  async #reachable(addresses: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
    const families = [addresses.filter((address) => !isIPv6(address)), addresses.filter((address) => isIPv6(address))];
    if (families.some((family) => family.length === 0)) return addresses;
    const ways = await this.#inTurn(() =>
      Promise.all(families.map((family) => this.#deps.dataplane.underlayMtu(family, signal))),
    );
    const reachable = families.filter((_, index) => ways[index] !== undefined).flat();
    return reachable.length > 0 ? reachable : addresses;
  }

  /** Each look is a process, and a gateway that begins may have hundreds of names. */
  #inTurn<T>(look: () => Promise<T>): Promise<T> {
    const turn = this.#lastLook.then(look);
    this.#lastLook = turn.catch(() => undefined);
    return turn;
  }

  #keep(host: string, addresses: readonly string[]): void {
    const atMs = this.#deps.clock.monotonic();
    this.#answers.delete(host);
    this.#answers.set(host, { addresses, atMs });
    for (const [old, answer] of this.#answers) {
      if (atMs - answer.atMs < FORGOTTEN_MS) return;
      this.#answers.delete(old);
    }
  }
}
