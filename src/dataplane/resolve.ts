import { lookup as systemLookup } from 'node:dns/promises';

/** Addresses of a name as the system resolves it; rejects with an error of getaddrinfo(3) when there are none. */
export type Lookup = (host: string) => Promise<readonly { readonly address: string }[]>;

/** How many lookups run at a time: each holds a thread of the four that all file access shares, for seconds if need be. */
const AT_ONCE = 2;

/**
 * Resolves names, IPv4 addresses first. A name without an address, and a resolver that does not answer, give none.
 * Throws the reason of the signal when that comes first; the lookup itself cannot be ended.
 */
export function resolver(lookup: Lookup = system): (host: string, signal: AbortSignal) => Promise<readonly string[]> {
  const slots = new Slots(AT_ONCE);
  return async (host, signal) => {
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    const answer = slots.run(async () => (signal.aborted ? [] : await addressesOf(host, lookup)));
    try {
      return await Promise.race([answer, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  };
}

const system: Lookup = (host) => systemLookup(host, { all: true, order: 'ipv4first' });

async function addressesOf(host: string, lookup: Lookup): Promise<readonly string[]> {
  try {
    const found = await lookup(host);
    return [...new Set(found.map(({ address }) => address))];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === 'getaddrinfo') return [];
    throw error;
  }
}

/** Runs so many at a time, the others in the order in which they came. */
class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
