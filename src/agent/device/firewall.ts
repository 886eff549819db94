import type { Dataplane, DeviceRules, FirewallRules } from '../../dataplane/port.ts';
import type { DeviceName } from '../../mesh/model.ts';
import type { Problem } from '../../mesh/problem.ts';

export interface NodeFirewallDeps {
  readonly dataplane: Pick<Dataplane, 'firewall'>;
}

/** The one table of this node, shared by all its devices. */
export class NodeFirewall {
  readonly #deps: NodeFirewallDeps;
  readonly #devices = new Map<DeviceName, DeviceRules>();
  #loaded: { readonly rules: FirewallRules; readonly text: string } | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(deps: NodeFirewallDeps) {
    this.#deps = deps;
  }

  /** From the next `ensure` on, the table has these rules for their device. */
  admit(rules: DeviceRules): void {
    this.#devices.set(rules.name, rules);
  }

  /** Whether the table has, or is to have, rules for the device. */
  knows(device: DeviceName): boolean {
    return this.#devices.has(device);
  }

  /** From the next `ensure` on, the table does not name the device: it is gone, or not ours. */
  exclude(device: DeviceName): void {
    this.#devices.delete(device);
  }

  /** What the table was given for a device when it was loaded; undefined when it is not known to be in force. */
  inForce(device: DeviceName): DeviceRules | undefined {
    return this.#loaded?.rules.devices.find(({ name }) => name === device);
  }

  /** Makes sure that the rules are in force; costs nothing when they were loaded already. */
  ensure(signal: AbortSignal): Promise<readonly Problem[]> {
    return this.#inTurn(async () => {
      const rules = this.#rules();
      const text = JSON.stringify(rules);
      return this.#loaded?.text === text ? [] : await this.#load(rules, text, signal);
    });
  }

  /** The same, looking whether somebody took the table away. */
  verify(signal: AbortSignal): Promise<readonly Problem[]> {
    return this.#inTurn(() => {
      const rules = this.#rules();
      return this.#load(rules, JSON.stringify(rules), signal);
    });
  }

  #rules(): FirewallRules {
    return { devices: [...this.#devices.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
  }

  async #load(rules: FirewallRules, text: string, signal: AbortSignal): Promise<readonly Problem[]> {
    let isLoaded = false;
    try {
      const problems = await this.#deps.dataplane.firewall(rules, signal);
      isLoaded = problems.length === 0;
      return problems;
    } finally {
      this.#loaded = isLoaded ? { rules, text } : undefined;
    }
  }

  /** Two devices must not load their views of the table across each other. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
