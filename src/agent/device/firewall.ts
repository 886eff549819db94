import type { Dataplane, FirewallRules } from '../../dataplane/port.ts';
import type { DeviceName, Prefix } from '../../mesh/model.ts';
import type { Problem } from '../../mesh/problem.ts';

export interface NodeFirewallDeps {
  readonly dataplane: Pick<Dataplane, 'firewall'>;
  /** The gateway's own addresses on a device; none for a device that is to go. */
  readonly addressesOf: (device: DeviceName) => readonly Prefix[];
}

/** The one table of this node, shared by all its devices. */
export class NodeFirewall {
  readonly #deps: NodeFirewallDeps;
  readonly #devices = new Set<DeviceName>();
  #loaded: string | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(deps: NodeFirewallDeps) {
    this.#deps = deps;
  }

  /** From the next `ensure` on, the table names the device. */
  admit(device: DeviceName): void {
    this.#devices.add(device);
  }

  /** From the next `ensure` on, it does not: the device is gone, or not ours. */
  exclude(device: DeviceName): void {
    this.#devices.delete(device);
  }

  /** Makes sure that the rules are in force; costs nothing when they were loaded already. */
  ensure(signal: AbortSignal): Promise<readonly Problem[]> {
    return this.#inTurn(async () => {
      const rules = this.#rules();
      return this.#loaded === JSON.stringify(rules) ? [] : await this.#load(rules, signal);
    });
  }

  /** The same, looking whether somebody took the table away. */
  verify(signal: AbortSignal): Promise<readonly Problem[]> {
    return this.#inTurn(() => this.#load(this.#rules(), signal));
  }

  #rules(): FirewallRules {
    const devices = [...this.#devices].toSorted();
    return { devices: devices.map((name) => ({ name, addresses: this.#deps.addressesOf(name) })) };
  }

  async #load(rules: FirewallRules, signal: AbortSignal): Promise<readonly Problem[]> {
    this.#loaded = undefined;
    const problems = await this.#deps.dataplane.firewall(rules, signal);
    if (problems.length === 0) this.#loaded = JSON.stringify(rules);
    return problems;
  }

  /** Two devices must not load their views of the table across each other. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
