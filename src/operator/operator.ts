import type { KubeClient } from '../kube/client.ts';
import type { EventWriter } from '../kube/events.ts';
import { keyOf } from '../kube/object.ts';
import type { Change } from '../kube/store.ts';
import type { Reconcile } from '../kube/worker.ts';
import { runWorkers } from '../kube/worker.ts';
import { AddressBook } from '../mesh/address-book.ts';
import { sameJson } from '../mesh/merge-patch.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { Addresses } from './addresses/addresses.ts';
import { blockStorage } from './addresses/block-storage.ts';
import { returnPolicy } from './addresses/quarantine.ts';
import { reconcileBlock } from './addresses/reconcile-block.ts';
import { announce } from './announce.ts';
import type { OperatorConfig } from './config.ts';
import { GatewayKeys } from './gateway/gateway-keys.ts';
import { reconcileGateway } from './gateway/reconcile.ts';
import { KeyDeliveryGate } from './key-delivery.ts';
import type { OperatorMetrics } from './metrics.ts';
import { reconcileNode } from './node/reconcile.ts';
import { checkAllFiles, checkFile, fileConcerned, keepFile, peerGone } from './peer/file-upkeep.ts';
import { createFiles } from './peer/files.ts';
import { reconcilePeer } from './peer/reconcile.ts';
import { refreshConnections } from './peer/refresh.ts';
import { policyProblems } from './policies/compare.ts';
import { shippedPolicies } from './policies/shipped.ts';
import { createQueues } from './queues.ts';
import { connectRouteTriggers, routesSettled } from './triggers-routes.ts';
import { agentChanged, connectTriggers, deliveryChanged, nodeReported } from './triggers.ts';
import { allSynced, createCaches, followAll, unsynced } from './world/caches.ts';
import * as kinds from './world/kinds.ts';
import { AgentLiveness } from './world/liveness.ts';
import { NetworkClaims } from './world/network-claims.ts';
import * as project from './world/projections.ts';
import { Reports } from './world/reports.ts';
import type { PolicyView } from './world/views.ts';

export interface OperatorDeps {
  readonly config: OperatorConfig;
  /** For watches and reads. */
  readonly client: KubeClient;
  /** Refuses to write while this process does not lead. */
  readonly writer: KubeClient;
  readonly events: EventWriter;
  readonly metrics: OperatorMetrics;
  readonly log: Log;
  readonly clock: Clock;
  /** Addresses of the API server, as far as they are addresses. */
  readonly apiServer: readonly string[];
}

export interface Operator {
  /** Names of caches that have not synced yet. */
  readonly unsynced: () => string[];
  /** Watches, from start to end of the process. */
  readonly follow: (signal: AbortSignal) => Promise<void>;
  /** Decides and writes, while this process leads. */
  readonly lead: (signal: AbortSignal) => Promise<void>;
}

/** Parts put together; nothing runs yet. */
export function createOperator(deps: OperatorDeps): Operator {
  const { config, client, writer, log, clock, metrics } = deps;
  const configNamespace = config.namespace;
  const caches = createCaches();
  const networks = new NetworkClaims(caches, { apiServer: deps.apiServer, forbidden: config.forbiddenNetworks });
  const queues = createQueues(clock);
  const book = new AddressBook();
  // aborts the writes of a term of leading when that ends
  let term = AbortSignal.abort();

  const reports = new Reports({
    onNode: (nodeName) => nodeReported(nodeName, { caches, queues }),
    onPeer: (uid) => {
      const peer = caches.peers.byUid(uid);
      if (peer) queues.peers.add(keyOf(peer));
    },
  });
  const liveness = new AgentLiveness({
    clock,
    onChange: (nodeName) => agentChanged(nodeName, { caches, queues }),
    nodeNames: () => caches.nodes.list().map((node) => node.name),
  });
  const quarantine = { caches, reports, liveness, clock, quarantineMs: config.quarantineSeconds * 1_000 };
  const addresses = new Addresses({
    book,
    storageOf: (block) => blockStorage(block, { client: writer, namespace: configNamespace, signal: () => term }),
    returnPolicy: (entry) => returnPolicy(entry, quarantine),
    now: () => new Date(clock.now()).toISOString(),
  });
  const { policies, bindings } = shippedPolicies({
    systemNamespace: config.namespace,
    operatorAccount: config.operatorAccount,
    agentNamespace: config.agentNamespace,
    agentAccount: config.agentAccount,
  });
  const delivery = new KeyDeliveryGate({
    clock,
    settleMs: config.policySettleSeconds * 1_000,
    check: () =>
      policyProblems(
        { policies, bindings },
        {
          policies: caches.policies.list().map((view) => view.live),
          bindings: caches.bindings.list().map((view) => view.live),
        },
      ),
    onChange: () => deliveryChanged({ caches, queues, reports }),
  });
  const keys = new GatewayKeys(writer, () => clock.monotonic());
  connectTriggers({ caches, queues, addresses, book, reports, liveness, configNamespace });
  connectRouteTriggers({ caches, queues, networks });

  const shared = { caches, networks, configNamespace, reports, liveness, book, clock, log, addresses, keys, delivery };
  const onWrite = metrics.secretWritten;
  const { secrets, upkeep } = createFiles({ config, client: writer, keys, caches, queues, clock, onWrite });
  const peerDeps = {
    ...shared,
    secrets,
    onDecided: (key: string) => fileConcerned(key, upkeep),
    target: { client: writer, resource: kinds.peers, store: caches.peers, project: project.peer },
  };
  const gatewayDeps = {
    ...shared,
    target: { client: writer, resource: kinds.gateways, store: caches.gateways, project: project.gateway },
    portRange: { first: config.firstPort, last: config.lastPort },
    counted: new Map<string, number>(),
  };
  // who does not lead would only fill its log with events that it may not write
  const events: Pick<EventWriter, 'emit'> = {
    emit: (event) => {
      if (!term.aborted) deps.events.emit(event);
    },
  };
  caches.peers.subscribe((change) => {
    if (change.type === 'Modified') announce('WireGuardPeer', { before: change.old, after: change.object }, events);
    if (change.type === 'Deleted' && !term.aborted) peerGone(change.object, upkeep);
  });
  caches.gateways.subscribe((change) => {
    if (change.type === 'Modified') announce('WireGuardGateway', { before: change.old, after: change.object }, events);
  });

  caches.gateways.subscribe((change) => {
    if (change.type !== 'Deleted') return;
    keys.forget(change.object.uid);
    gatewayDeps.counted.delete(change.object.uid);
  });

  return {
    unsynced: () => unsynced(caches),

    async follow(signal) {
      const onLeasesInterrupted = () => liveness.interrupted();
      const watched = { client, namespace: configNamespace, log, clock, onLeasesInterrupted };
      const watching = followAll(caches, watched, signal);
      await allSynced(caches, signal);
      const ours = new Set([...policies, ...bindings].map(({ metadata }) => metadata.name));
      const recheck = (change: Change<PolicyView>) => {
        if (ours.has(change.object.name) && isOther(change)) void delivery.recheck(signal);
      };
      caches.policies.subscribe(recheck);
      caches.bindings.subscribe(recheck);
      void delivery.recheck(signal);
      await Promise.all([watching, liveness.run(signal)]);
    },

    async lead(signal) {
      term = signal;
      await allSynced(caches, signal);
      checkAllFiles(upkeep);
      const work = (name: keyof typeof queues, concurrency: number, reconcile: Reconcile) =>
        runWorkers(
          {
            queue: queues[name],
            concurrency,
            reconcile,
            log: log.child({ controller: name }),
            onOutcome: metrics.outcome(name),
          },
          signal,
        );
      await Promise.all([
        // one at a time: placement looks at where the other gateways are
        work('gateways', 1, (key, at) => reconcileGateway(key, gatewayDeps, at)),
        work('nodes', 4, (key, at) => reconcileNode(key, { ...shared, client: writer }, at)),
        work('peers', 48, (key, at) =>
          reconcilePeer(key, peerDeps, at).finally(() => routesSettled(key, { caches, queues, networks })),
        ),
        work('files', 4, (key, at) => keepFile(key, upkeep, at)),
        work('fileChecks', 2, (key, at) => checkFile(key, upkeep, at)),
        work('blocks', 4, (key, at) => reconcileBlock(key, { ...quarantine, addresses, client: writer }, at)),
        refreshConnections(peerDeps, signal),
      ]);
    },
  };
}

/** A policy's status changes without its meaning. */
function isOther(change: Change<PolicyView>): boolean {
  return change.type !== 'Modified' || !sameJson(change.old.live, change.object.live);
}
