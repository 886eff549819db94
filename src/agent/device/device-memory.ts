import type { Dataplane } from '../../dataplane/port.ts';
import type { DeviceName } from '../../mesh/model.ts';
import type { Clock } from '../../runtime/clock.ts';
import { Endpoints } from './endpoints.ts';
import type { Names } from './names.ts';
import { RouteGrace } from './route-grace.ts';
import { TakenPorts } from './taken-ports.ts';
import { Underlay } from './underlay.ts';

/** What has to be remembered of one device from one pass to the next. */
export interface DeviceMemory {
  readonly grace: RouteGrace;
  readonly endpoints: Endpoints;
  readonly takenPorts: TakenPorts;
  readonly underlay: Underlay;
}

export interface DeviceMemoriesDeps {
  readonly dataplane: Pick<Dataplane, 'underlayMtu'>;
  readonly names: Pick<Names, 'ask'>;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
}

/** The memories of all devices of this node; gone with the process. */
export class DeviceMemories {
  readonly #deps: DeviceMemoriesDeps;
  readonly #devices = new Map<DeviceName, DeviceMemory>();

  constructor(deps: DeviceMemoriesDeps) {
    this.#deps = deps;
  }

  of(device: DeviceName): DeviceMemory {
    const known = this.#devices.get(device) ?? this.#make(device);
    this.#devices.set(device, known);
    return known;
  }

  forget(device: DeviceName): void {
    this.#devices.delete(device);
  }

  #make(device: DeviceName): DeviceMemory {
    return {
      grace: new RouteGrace(),
      endpoints: new Endpoints({ ...this.#deps, device }),
      takenPorts: new TakenPorts(),
      underlay: new Underlay(this.#deps),
    };
  }
}
