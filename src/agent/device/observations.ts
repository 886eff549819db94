import type { DeviceName } from '../../mesh/model.ts';
import type { Problem } from '../../mesh/problem.ts';
import type { GatewayWorld } from '../world/node-world.ts';
import type { DeviceObservation } from './observation.ts';

/** `after` is absent when the device is gone. */
export type ObservationListener = (name: DeviceName, after: DeviceObservation | undefined) => void;

/** The latest observation of each device of this node. */
export class Observations {
  readonly #latest = new Map<DeviceName, DeviceObservation>();
  readonly #listeners = new Set<ObservationListener>();

  get(name: DeviceName): DeviceObservation | undefined {
    return this.#latest.get(name);
  }

  list(): readonly DeviceObservation[] {
    return [...this.#latest.values()];
  }

  subscribe(listener: ObservationListener): void {
    this.#listeners.add(listener);
  }

  note(observation: DeviceObservation): void {
    this.#latest.set(observation.name, observation);
    for (const listener of this.#listeners) listener(observation.name, observation);
  }

  /** A pass that broke off: what was read before is still the best that is known of the device. */
  failed({ device: name, configured }: GatewayWorld, problem: Problem): void {
    const before = this.#latest.get(name) ?? { name, configured, peers: new Map() };
    this.note({ ...before, problems: [problem], settled: false });
  }

  remove(name: DeviceName): void {
    this.#latest.delete(name);
    for (const listener of this.#listeners) listener(name, undefined);
  }
}
