import type { Dataplane } from '../dataplane/port.ts';
import { traced } from '../dataplane/trace.ts';
import type { KubeClient } from '../kube/client.ts';
import { Heartbeat } from '../kube/heartbeat.ts';
import { Queue } from '../kube/queue.ts';
import { Reflector } from '../kube/reflector.ts';
import { Store } from '../kube/store.ts';
import { runWorkers } from '../kube/worker.ts';
import type { DeviceName } from '../mesh/model.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Secret } from '../runtime/secret.ts';
import { DeviceMemories } from './device/device-memory.ts';
import { NodeFirewall } from './device/firewall.ts';
import { SealedKeys } from './device/gateway-key.ts';
import { logProblems } from './device/log-problems.ts';
import { Names } from './device/names.ts';
import { NodeNetworks } from './device/node-networks.ts';
import { Observations } from './device/observations.ts';
import { pollDevices } from './device/poll.ts';
import { reconcileDevice } from './device/reconcile.ts';
import type { AgentMetrics } from './metrics.ts';
import type { NodeIdentity } from './node-identity.ts';
import { Reporter } from './report/reporter.ts';
import { ReportStorage } from './report/storage.ts';
import { nodeConfigs } from './world/kinds.ts';
import { NodeWorld } from './world/node-world.ts';
import { reconcileConfig } from './world/reconcile-config.ts';
import { configView } from './world/views.ts';
import type { ConfigView } from './world/views.ts';

export interface AgentDeps {
  readonly node: NodeIdentity;
  /** The age identity to which keys are sealed, and its public half. */
  readonly identity: Secret;
  readonly recipient: string;
  /** Where configs, reports and Leases are. */
  readonly namespace: string;
  readonly client: KubeClient;
  /** URL of the API server: no route of ours may cover it. */
  readonly apiServer: string;
  readonly dataplane: Dataplane;
  readonly metrics: AgentMetrics;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Agent {
  /** By name: whether this part is ready. */
  readonly checks: Readonly<Record<string, () => boolean>>;
  /** Works until the signal aborts; everything on the node stays as it is then. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** Devices worked on at once: as many as a config holds, so that one that hangs holds up no other. */
const CONCURRENCY = 64;

/** Parts put together; nothing runs yet. */
export function createAgent(deps: AgentDeps): Agent {
  const { node, identity, recipient, namespace, client, metrics, clock, log } = deps;
  const dataplane = traced(deps.dataplane, (operation) => {
    metrics.operation(operation.type);
    log.debug(operation, 'device operation');
  });
  const configs = new Store<ConfigView>();
  const devices = new Queue({ clock, baseMs: 200, maxMs: 15_000 });
  const configQueue = new Queue({ clock, baseMs: 200, maxMs: 15_000 });
  const world = new NodeWorld({ client, clock, log, onChange: (device) => devices.add(device) });
  const firewall = new NodeFirewall({ dataplane });
  const observations = new Observations();
  const names = new Names({ dataplane, clock, onAnswer: (device) => devices.add(device) });
  const memories = new DeviceMemories({ dataplane, names, clock });
  const networks = new NodeNetworks({ dataplane, apiServer: deps.apiServer, observations, clock });
  const keys = new SealedKeys({ node, identity });
  const storage = new ReportStorage({ client, namespace, node, log });
  const { reportWritten: onWritten, outcome: onOutcome } = metrics;
  const reporter = new Reporter({ storage, world, observations, node, recipient, clock, log, onWritten });
  observations.subscribe(metrics.observed);
  observations.subscribe(logProblems(log));

  const lease = { namespace, name: `peerwright-agent-${node.name}`, identity: node.name };
  const heartbeat = new Heartbeat({ client, clock, log, ...lease, onBeat: metrics.beat });
  const onTaken = () => reporter.configured();
  const configDeps = { client, dataplane, firewall, configs, log, world, namespace, nodeName: node.name, onTaken };
  const deviceDeps = { world, dataplane, firewall, keys, networks, memories, observations, clock };

  return {
    checks: { synced: () => world.synced, reports: () => reporter.ready },

    async run(signal) {
      const lookAtConfig = () => configQueue.add('config');
      configs.subscribe(lookAtConfig);
      configs.whenSynced(signal).then(lookAtConfig, () => undefined);
      const fieldSelector = `metadata.name=${node.name}`;
      const onInvalid = (_meta: unknown, error: unknown) => reporter.configInvalid(error);
      const watched = { resource: nodeConfigs, namespace, fieldSelector, project: configView, store: configs };
      await Promise.all([
        heartbeat.run(signal),
        reporter.run(signal),
        new Reflector({ client, clock, log, ...watched, onInvalid }).run(signal),
        runWorkers({ queue: configQueue, concurrency: 1, log, reconcile: onConfig }, signal),
        runWorkers({ queue: devices, concurrency: CONCURRENCY, log, reconcile: onDevice, onOutcome }, signal),
        pollDevices({ world, observations, firewall, queue: devices, clock, log }, signal),
      ]);
      devices.close();
      configQueue.close();
    },
  };

  function onConfig(_key: string, signal: AbortSignal) {
    return reconcileConfig(configDeps, signal);
  }

  function onDevice(key: string, signal: AbortSignal) {
    return reconcileDevice(key as DeviceName, deviceDeps, signal);
  }
}
