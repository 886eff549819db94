import type { Problem } from '../mesh/problem.ts';
import type { Clock } from '../runtime/clock.ts';

/**
 * Whether key material may be sealed to nodes now. Identities that agents publish are only worth something while
 * admission says who writes what, so nothing is pinned or sealed before the shipped policies were seen in force,
 * unchanged, for the settle time.
 */
export type KeyDelivery =
  | { readonly kind: 'Settling' }
  | { readonly kind: 'InForce' }
  | { readonly kind: 'Unsafe'; readonly problems: readonly Problem[] };

export interface KeyDeliveryDeps {
  readonly clock: Clock;
  readonly settleMs: number;
  /** Compares live policies and bindings with the shipped ones. */
  readonly check: () => readonly Problem[];
  readonly onChange: () => void;
}

/** Watches over the policies; anything but in force is unsafe. */
export class KeyDeliveryGate {
  readonly #deps: KeyDeliveryDeps;
  #state: KeyDelivery = { kind: 'Settling' };
  #settling: AbortController | undefined;

  constructor(deps: KeyDeliveryDeps) {
    this.#deps = deps;
  }

  get state(): KeyDelivery {
    return this.#state;
  }

  /** Call when a policy or binding changed, and once when both are known. Resolves when the state has settled. */
  async recheck(signal: AbortSignal): Promise<void> {
    this.#settling?.abort();
    const settling = new AbortController();
    this.#settling = settling;
    const problems = this.#deps.check();
    if (problems.length > 0) return this.#become({ kind: 'Unsafe', problems });
    this.#become({ kind: 'Settling' });
    await this.#deps.clock.sleep(this.#deps.settleMs, AbortSignal.any([signal, settling.signal]));
    if (!signal.aborted && !settling.signal.aborted) this.#become({ kind: 'InForce' });
  }

  #become(state: KeyDelivery): void {
    this.#state = state;
    this.#deps.onChange();
  }
}
