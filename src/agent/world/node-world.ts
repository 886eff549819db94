import type { ConfiguredGateway } from '../../api/v1alpha1/node-config.ts';
import type { KubeClient } from '../../kube/client.ts';
import { Reflector } from '../../kube/reflector.ts';
import { Store } from '../../kube/store.ts';
import { deviceName } from '../../mesh/device.ts';
import type { DeviceName } from '../../mesh/model.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { peers } from './kinds.ts';
import { peerView } from './views.ts';
import type { PeerView } from './views.ts';

/** A gateway that this node must run, with its peers. */
export interface GatewayWorld {
  readonly configured: ConfiguredGateway;
  readonly device: DeviceName;
  /** Until it has synced, an absent peer means unknown, not gone. */
  readonly peers: Store<PeerView>;
}

export interface NodeWorldDeps {
  readonly client: Pick<KubeClient, 'watch' | 'pages'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Something that concerns this device is different. */
  readonly onChange: (device: DeviceName) => void;
}

interface Followed extends GatewayWorld {
  readonly stop: AbortController;
}

/** The gateways of this node as its config has them, each with the peers that name it. */
export class NodeWorld {
  readonly #deps: NodeWorldDeps;
  readonly #gateways = new Map<DeviceName, Followed>();
  readonly #orphans = new Set<DeviceName>();
  #known = false;

  constructor(deps: NodeWorldDeps) {
    this.#deps = deps;
  }

  /** Whether a config has been seen, or its absence confirmed. Until then nothing on this node may go. */
  get known(): boolean {
    return this.#known;
  }

  /** Undefined: the config does not want such a device, provided that it is known. */
  gateway(device: DeviceName): GatewayWorld | undefined {
    return this.#gateways.get(device);
  }

  gateways(): readonly GatewayWorld[] {
    return [...this.#gateways.values()];
  }

  /** Devices of ours that no config wants any more and that are still there. */
  orphans(): readonly DeviceName[] {
    return [...this.#orphans];
  }

  get synced(): boolean {
    return this.#known && this.gateways().every((gateway) => gateway.peers.synced);
  }

  /** Takes a config: follows the peers of new gateways, forgets those that went. */
  configure(configured: readonly ConfiguredGateway[], signal: AbortSignal): void {
    this.#known = true;
    const wanted = new Map(configured.map((entry) => [deviceName(entry.gateway.uid), entry]));
    for (const [device, gateway] of this.#gateways) {
      if (wanted.has(device)) continue;
      gateway.stop.abort();
      this.#gateways.delete(device);
      this.orphan(device);
    }
    for (const [device, entry] of wanted) {
      const followed = this.#gateways.get(device);
      const gateway = followed ? { ...followed, configured: entry } : this.#follow(device, entry, signal);
      this.#gateways.set(device, gateway);
      this.#orphans.delete(device);
      this.#deps.onChange(device);
    }
  }

  /** A device of ours was found; it goes unless the config wants it. */
  orphan(device: DeviceName): void {
    if (this.#gateways.has(device)) return;
    this.#orphans.add(device);
    this.#deps.onChange(device);
  }

  removed(device: DeviceName): void {
    this.#orphans.delete(device);
  }

  #follow(device: DeviceName, configured: ConfiguredGateway, signal: AbortSignal): Followed {
    const { client, clock, log, onChange } = this.#deps;
    const { namespace, name } = configured.gateway;
    const store = new Store<PeerView>();
    const stop = new AbortController();
    const alive = AbortSignal.any([signal, stop.signal]);
    store.subscribe(() => onChange(device));
    store.whenSynced(alive).then(
      () => onChange(device),
      () => undefined,
    );
    // Selected by a field that cannot be changed, so that DELETED means deleted.
    const fieldSelector = `spec.gatewayRef.name=${name}`;
    const where = { resource: peers, namespace, fieldSelector, project: peerView, store };
    void new Reflector({ client, clock, log: log.child({ device }), ...where }).run(alive);
    return { configured, device, peers: store, stop };
  }
}
