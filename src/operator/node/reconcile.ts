import type { ConfiguredGateway, NodeConfigSpec, NodeIdentity } from '../../api/v1alpha1/node-config.ts';
import { seal } from '../../keys/seal.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isNotFound } from '../../kube/errors.ts';
import type { Again } from '../../kube/worker.ts';
import { sameJson } from '../../mesh/merge-patch.ts';
import type { GatewayDecision } from '../../mesh/gateway-status.ts';
import { PeerwrightError } from '../../runtime/error.ts';
import type { Log } from '../../runtime/log.ts';
import type { GatewayKeys } from '../gateway/gateway-keys.ts';
import { KEY_NUMBER } from '../gateway/gateway-keys.ts';
import { grantedDecision } from '../gateway/granted.ts';
import { configuredOffer } from '../gateway/offer.ts';
import type { KeyDeliveryGate } from '../key-delivery.ts';
import type { Caches } from '../world/caches.ts';
import * as kinds from '../world/kinds.ts';
import * as project from '../world/projections.ts';
import type { Reports } from '../world/reports.ts';
import type { GatewayView, NodeConfigView, NodeView } from '../world/views.ts';
import { identityFor } from './identity.ts';

export interface NodeDeps {
  readonly client: KubeClient;
  readonly caches: Caches;
  readonly configNamespace: string;
  readonly reports: Reports;
  readonly keys: GatewayKeys;
  readonly delivery: KeyDeliveryGate;
  readonly log: Log;
}

/** Writes the WireGuardNodeConfig of one node: its pinned identity and every gateway that was placed there. */
export async function reconcileNode(nodeName: string, deps: NodeDeps, signal: AbortSignal): Promise<Again | void> {
  const node = deps.caches.nodes.get(nodeName);
  const config = deps.caches.nodeConfigs.get(`${deps.configNamespace}/${nodeName}`);
  if (!node) return config && removeConfig(config, deps, signal);
  if (config?.invalid) throw corrupt(config);
  const identity = identityFor(node, { config, report: deps.reports.facts(nodeName), delivery: deps.delivery.state });
  if (!identity) return;
  const { gateways, failures } = await configuredGateways({ node, identity, config }, deps, signal);
  await writeConfig(nodeName, { identity, gateways }, { deps, config, signal });
  // the others have what is theirs; this one is tried again
  if (failures.length > 0) throw failures[0];
}

async function writeConfig(
  nodeName: string,
  spec: NodeConfigSpec,
  { deps, config, signal }: { deps: NodeDeps; config: NodeConfigView | undefined; signal: AbortSignal },
): Promise<void> {
  if (config && sameJson(config.spec, spec)) return;
  const metadata = { namespace: deps.configNamespace, name: nodeName };
  const written = config
    ? await deps.client.replace(kinds.nodeConfigs, objectOf({ ...metadata, ...versionOf(config) }, spec), { signal })
    : await deps.client.create(kinds.nodeConfigs, objectOf(metadata, spec), { signal });
  deps.caches.nodeConfigs.written(project.nodeConfig(written));
}

interface Target {
  readonly node: NodeView;
  readonly identity: NodeIdentity;
  readonly config: NodeConfigView | undefined;
}

interface Configured {
  readonly gateways: ConfiguredGateway[];
  /** Of gateways that could not be looked at; what the node has of them stays. */
  readonly failures: readonly unknown[];
}

async function configuredGateways(target: Target, deps: NodeDeps, signal: AbortSignal): Promise<Configured> {
  const placed = deps.caches.gateways.list().filter((gateway) => gateway.status.nodeName === target.node.name);
  const results = await Promise.allSettled(placed.map((gateway) => entryFor(gateway, target, { deps, signal })));
  const entries = results.map((result, index) =>
    result.status === 'fulfilled' ? result.value : existingEntry(placed[index]?.uid, target),
  );
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  const kept = await stillThere(target, deps, signal);
  return { gateways: [...entries.filter((entry) => entry !== undefined), ...kept].toSorted(byName), failures };
}

async function entryFor(
  gateway: GatewayView,
  target: Target,
  { deps, signal }: { deps: NodeDeps; signal: AbortSignal },
): Promise<ConfiguredGateway | undefined> {
  const decision = grantedDecision(gateway.status);
  const existing = existingEntry(gateway.uid, target);
  if (!decision) return existing;
  const sealedKey =
    reusable(existing, decision, target) ?? (await sealedFor(gateway, { target, decision }, { deps, signal }));
  return sealedKey === undefined ? existing : entryOf(gateway, decision, sealedKey);
}

function existingEntry(uid: string | undefined, { config }: Target): ConfiguredGateway | undefined {
  return config?.spec?.gateways.find((entry) => entry.gateway.uid === uid);
}

function entryOf(gateway: GatewayView, decision: GatewayDecision, sealedKey: string): ConfiguredGateway {
  const { namespace, name, uid } = gateway;
  return {
    gateway: { namespace, name, uid },
    generation: gateway.status.observedGeneration ?? 0,
    keyNumber: KEY_NUMBER,
    publicKey: decision.publicKey,
    sealedKey,
    listenPort: decision.listenPort,
    addresses: [...decision.addresses],
    pools: [...decision.pools],
    ...configuredOffer(decision),
  };
}

/** Sealing is not deterministic: what is sealed to this identity already is kept as it is. */
function reusable(
  existing: ConfiguredGateway | undefined,
  decision: GatewayDecision,
  target: Target,
): string | undefined {
  const fits = existing?.publicKey === decision.publicKey && existing.keyNumber === KEY_NUMBER;
  return fits && sameJson(target.config?.spec?.identity, target.identity) ? existing.sealedKey : undefined;
}

async function sealedFor(
  gateway: GatewayView,
  { target, decision }: { target: Target; decision: GatewayDecision },
  { deps, signal }: { deps: NodeDeps; signal: AbortSignal },
): Promise<string | undefined> {
  if (deps.delivery.state.kind !== 'InForce') return undefined;
  const key = await deps.keys.ensure({ ...gateway, published: decision.publicKey }, signal);
  if (!key.ok) return undefined;
  const { namespace, name, uid } = gateway;
  const { publicKey, privateKey, seed } = key.value;
  const node = { name: target.node.name, uid: target.node.uid };
  const bound = { node, gateway: { namespace, name, uid }, keyNumber: KEY_NUMBER, publicKey };
  return seal({ version: 1, ...bound, privateKey, presharedKeySeed: seed }, target.identity.recipient);
}

/** Entries of gateways that the cache does not know, unless the API server says that they are gone. */
async function stillThere(target: Target, deps: NodeDeps, signal: AbortSignal): Promise<ConfiguredGateway[]> {
  const unknown = (target.config?.spec?.gateways ?? []).filter(
    (entry) => !deps.caches.gateways.byUid(entry.gateway.uid),
  );
  const verdicts = await Promise.all(unknown.map((entry) => exists(entry, deps, signal)));
  return unknown.filter((_, index) => verdicts[index]);
}

async function exists({ gateway }: ConfiguredGateway, deps: NodeDeps, signal: AbortSignal): Promise<boolean> {
  try {
    const found = await deps.client.get(kinds.gateways, gateway, { signal });
    return found.metadata.uid === gateway.uid;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

async function removeConfig(config: NodeConfigView, deps: NodeDeps, signal: AbortSignal): Promise<void> {
  try {
    await deps.client.get(kinds.nodes, { name: config.name }, { signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await deps.client.delete(kinds.nodeConfigs, config, { ...versionOf(config), signal });
  }
}

function versionOf({ uid, resourceVersion }: NodeConfigView) {
  return { uid, resourceVersion };
}

function objectOf(
  metadata: { namespace: string; name: string; uid?: string; resourceVersion?: string },
  spec: kinds.NodeConfigObject['spec'],
): kinds.NodeConfigObject {
  return { apiVersion: 'peerwright.dev/v1alpha1', kind: 'WireGuardNodeConfig', metadata, spec };
}

function corrupt(config: NodeConfigView): PeerwrightError {
  return new PeerwrightError('NodeConfigCorrupt', `WireGuardNodeConfig ${config.name}: ${config.invalid?.message}`);
}

function byName(left: ConfiguredGateway, right: ConfiguredGateway): number {
  const [a, b] = [left, right].map(({ gateway }) => `${gateway.namespace}/${gateway.name}/${gateway.uid}`);
  return (a ?? '') < (b ?? '') ? -1 : 1;
}
