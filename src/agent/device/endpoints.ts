import { isIP } from 'node:net';
import { endpointText } from '../../dataplane/wireguard/endpoint.ts';
import { allowedAddresses } from '../../mesh/checks/endpoint.ts';
import type { EndpointBounds } from '../../mesh/checks/endpoint.ts';
import type { CurrentPeer, DeviceName } from '../../mesh/model.ts';
import type { Problem } from '../../mesh/problem.ts';
import type { Clock } from '../../runtime/clock.ts';
import { HandshakeAges } from './handshake-ages.ts';
import type { Names } from './names.ts';

export interface EndpointsDeps {
  readonly device: DeviceName;
  readonly names: Pick<Names, 'ask'>;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
}

export interface EndpointWish {
  readonly uid: string;
  /** Of the spec. */
  readonly endpoint: { readonly host: string; readonly port: number };
  /** The peer on the device; absent: it is about to be added. */
  readonly current: CurrentPeer | undefined;
  readonly bounds: EndpointBounds;
}

export interface EndpointChoice {
  /** `address:port` to write now; absent: what the device has stays. */
  readonly endpoint?: string;
  readonly problem?: Problem;
}

interface Memory {
  readonly asked: string;
  /** The spec has another one than it had, and that was not written yet. */
  readonly isChanged: boolean;
  /** When the device was last found or made to have what the spec asks for. */
  readonly settledMs: number;
}

/** WireGuard begins a new handshake after 120 s of use, and tries for 5 s at a time: whoever is there has answered. */
const STALE_MS = 135_000;
const REWRITE_MS = 30_000;

/**
 * Which endpoints of peers to write on one device. A peer roams: WireGuard follows it, and what it follows stays alone.
 *
 * | the device has                        | the spec's endpoint | written            |
 * |---------------------------------------|---------------------|--------------------|
 * | no such peer, or no endpoint of it    | -                   | yes                |
 * | another one                           | changed             | yes                |
 * | another one, handshake within 135 s   | the same            | no                 |
 * | another one, older handshake, or none | the same            | yes, each 30 s at most |
 *
 * What this process sees first of a spec is no change: an agent that starts again disturbs nobody.
 */
export class Endpoints {
  readonly #deps: EndpointsDeps;
  readonly #ages: HandshakeAges;
  #known = new Map<string, Memory>();

  constructor(deps: EndpointsDeps) {
    this.#deps = deps;
    this.#ages = new HandshakeAges(deps.clock);
  }

  choose(wish: EndpointWish, signal: AbortSignal): EndpointChoice {
    const { uid, current } = wish;
    const due = this.#due(wish, this.#remember(wish));
    const { targets, problem } = this.#look(wish, due, signal);
    if (problem !== undefined) return { problem };
    const [best] = targets;
    if (best === undefined || due === 'No') return {};
    if (!targets.includes(current?.endpoint ?? '')) return { endpoint: best };
    this.settled(uid);
    return {};
  }

  /** The device has what was chosen. */
  settled(uid: string): void {
    const memory = this.#known.get(uid);
    if (memory === undefined) return;
    this.#known.set(uid, { ...memory, isChanged: false, settledMs: this.#deps.clock.monotonic() });
  }

  /** Forgets all but these peers. */
  retain(uids: ReadonlySet<string>): void {
    this.#known = new Map([...this.#known].filter(([uid]) => uids.has(uid)));
    this.#ages.retain(uids);
  }

  #remember({ uid, endpoint: { host, port } }: EndpointWish): Memory {
    const asked = `${host} ${port}`;
    const known = this.#known.get(uid);
    if (known?.asked === asked) return known;
    const memory = { asked, isChanged: known !== undefined, settledMs: Number.NEGATIVE_INFINITY };
    this.#known.set(uid, memory);
    return memory;
  }

  #due({ uid, current }: EndpointWish, { isChanged, settledMs }: Memory): Due {
    const isStale = this.#ages.ageMs({ uid, lastHandshakeMs: current?.lastHandshakeMs }) > STALE_MS;
    if (current?.endpoint === undefined || isChanged) return 'Lacking';
    return isStale && this.#deps.clock.monotonic() - settledMs >= REWRITE_MS ? 'Stale' : 'No';
  }

  /** A literal address is looked at in any case, since what is wrong with it stays wrong. */
  #look({ endpoint: { host, port }, bounds }: EndpointWish, due: Due, signal: AbortSignal): Targets {
    const literal = isIP(host) === 0 ? undefined : { addresses: [host], isFresh: true };
    if (literal === undefined && due === 'No') return NOTHING;
    const found = literal ?? this.#deps.names.ask(host, this.#deps.device, signal);
    if (found === undefined) return NOTHING;
    if (found.addresses.length === 0) return due === 'Lacking' ? { targets: [], problem: unresolved(host) } : NOTHING;
    const { addresses, problem } = allowedAddresses(host, found.addresses, bounds);
    const targets = found.isFresh ? addresses.map((address) => endpointText(address, port)) : [];
    return { targets, ...(problem && { problem }) };
  }
}

/** Lacking: the device has no endpoint of the peer, or that of another spec. Stale: nobody answers there. */
type Due = 'Lacking' | 'Stale' | 'No';

interface Targets {
  /** `address:port`, the best first. */
  readonly targets: readonly string[];
  readonly problem?: Problem;
}

const NOTHING: Targets = { targets: [] };

function unresolved(host: string): Problem {
  const path = 'spec.endpoint.host';
  const message = `${path} ${host} has no address in DNS as this node sees it; the peer is on the device and may dial in, and the name is looked up again every 30 seconds.`;
  return { code: 'DeviceFailed', message, path };
}
