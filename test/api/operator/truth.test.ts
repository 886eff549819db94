import { afterAll, beforeAll, expect, test } from 'vitest';
import { WireGuardGateway, WireGuardPeer } from '../../../src/api/v1alpha1/index.ts';
import type { WireGuardPeer as Peer } from '../../../src/api/v1alpha1/index.ts';
import { Reflector } from '../../../src/kube/reflector.ts';
import { type Projected, Store } from '../../../src/kube/store.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { kstatus } from '../../support/kstatus.ts';
import { peerDigest } from '../../support/agent-digests.ts';
import type { SimulatedAgent } from '../../support/simulated-agent.ts';
import { condition, isReady, newKey, OperatorLab, type Ref, until } from './lab.ts';

const EDITS = 150;

let lab: OperatorLab;
let near: SimulatedAgent;
let far: SimulatedAgent;
let namespace: string;
let gateway: WireGuardGateway;
let silentSince: number;

beforeAll(async () => {
  lab = await OperatorLab.start();
  await lab.operator();
  near = await lab.node('near', { place: 'near' });
  far = await lab.node('far', { place: 'far' });
  namespace = await lab.namespace();
  const placement = (place: string) => ({ nodeSelector: { place } });
  const edge = { namespace, name: 'edge' };
  await lab.gateway(edge, {
    pools: [{ cidr: '10.30.0.0/24' }],
    allowedPeerRoutes: ['192.168.0.0/16'],
    placement: placement('near'),
  });
  await lab.gateway({ namespace, name: 'far' }, { pools: [{ cidr: '10.31.0.0/24' }], placement: placement('far') });
  await lab.peer({ namespace, name: 'remote' }, { gatewayRef: { name: 'far' } });
  const remote = await ready('remote');
  far.connection(remote.metadata.uid ?? '', CONNECTED);
  await far.report();
  await until(
    'the remote peer is connected',
    async () => condition(await peer('remote'), 'Connected')?.status === 'True',
  );
  far.silence();
  silentSince = performance.now();
  gateway = await until('the gateway is ready', async () => {
    const found = await lab.get(WireGuardGateway, edge);
    return isReady(found) && found;
  });
  near.auto = false;
}, 90_000);
afterAll(() => lab?.[Symbol.asyncDispose]());

const CONNECTED = {
  state: 'Connected' as const,
  sinceTime: '2026-01-01T00:00:00Z',
  lastHandshakeTime: '2026-01-01T00:00:00Z',
  endpoint: '198.51.100.4:40123',
};
const peer = (name: string) => lab.get(WireGuardPeer, { namespace, name });
const ready = (name: string) =>
  until(`${name} is ready`, async () => {
    const found = await peer(name);
    return isReady(found) && found;
  });

/** Acknowledges as soon as what the operator has decided arrives, until it says that this is enough. */
async function acknowledge(name: string): Promise<Peer> {
  return until(`${name} is ready once acknowledged`, async () => {
    near.program();
    await near.report();
    const found = await peer(name);
    return isReady(found) && found;
  });
}

test('kubectl wait returns when the agent has acknowledged, not before', async () => {
  const ref: Ref = { namespace, name: 'waited' };
  await lab.peer(ref);
  let returned = false;
  const argv = ['wait', '-n', namespace, 'wgp/waited', '--for=condition=Ready', '--timeout=30s'];
  const waiting = lab.plane.kubectl(argv).then((result) => {
    returned = true;
    return result;
  });
  const decided = await until('it is decided', async () => {
    const found = await peer('waited');
    return found.status?.addresses !== undefined && found;
  });
  expect([kstatus(decided), condition(decided, 'Reconciling')?.reason]).toEqual(['InProgress', 'Progressing']);
  near.program();
  await lab.patch(WireGuardPeer, ref, { metadata: { labels: { touched: 'yes' } } });
  expect([returned, isReady(await peer('waited'))]).toEqual([false, false]);
  await acknowledge('waited');
  expect((await waiting).code).toBe(0);
});

test('a peer edited there and back is not ready before the agent has acted upon the last edit', async () => {
  const ref: Ref = { namespace, name: 'there-and-back' };
  const [a, b] = [newKey(), newKey()];
  await lab.peer(ref, { publicKey: a });
  await acknowledge(ref.name);
  for (const publicKey of [b, a]) {
    await lab.patch(WireGuardPeer, ref, { spec: { publicKey } });
    await until(`${publicKey} is decided`, async () => (await peer(ref.name)).status?.publicKey === publicKey);
  }
  const back = await until('the last edit is observed', async () => {
    const found = await peer(ref.name);
    return found.status?.observedGeneration === 3 && found;
  });
  expect([kstatus(back), condition(back, 'Ready')?.status]).toEqual(['InProgress', 'False']);
  await acknowledge(ref.name);
});

test(
  `over ${EDITS} random edits nothing is Current that the agent has not acknowledged`,
  { timeout: 90_000 },
  async () => {
    const names = ['r0', 'r1', 'r2', 'r3'];
    const keys = names.map(() => [newKey(), newKey(), newKey()]);
    for (const [index, name] of names.entries())
      await lab.peer({ namespace, name }, { publicKey: keys[index]?.[0] ?? '' });
    const over = new AbortController();
    const seen = { current: 0, wrong: [] as string[] };
    watchPeers((object) => names.includes(object.metadata.name) && judge(object, seen), over.signal);
    const random = generator(20260101);
    for (let edit = 0; edit < EDITS; edit++) {
      const index = random() % names.length;
      await editOnce({ name: names[index] ?? '', keys: keys[index] ?? [], host: 100 + 2 * index }, random);
    }
    for (const name of names) await acknowledge(name);
    await until('the watch has seen the end', async () => seen.current > 20, 5);
    over.abort();
    expect(seen.wrong).toEqual([]);
  },
);

test(
  'without a Lease of the agent, Connected is Unknown within 60 s, and True again with it',
  { timeout: 120_000 },
  async () => {
    const left = 60 - (performance.now() - silentSince) / 1_000;
    const connected = async () => condition(await peer('remote'), 'Connected');
    const lost = await until(
      'Connected is Unknown',
      async () => {
        const found = await connected();
        return found?.status === 'Unknown' && found;
      },
      left,
    );
    process.stdout.write(
      `Connected was Unknown ${((performance.now() - silentSince) / 1_000).toFixed(0)} s after the last Lease\n`,
    );
    expect(lost.reason).toBe('AgentUnavailable');
    await lab.peer({ namespace, name: 'never-seen' }, { gatewayRef: { name: 'far' } });
    await until(
      'nor is a new peer known',
      async () => condition(await peer('never-seen'), 'Connected')?.status === 'Unknown',
    );
    await far.resume();
    await until('Connected is True again', async () => (await connected())?.status === 'True');
  },
);

interface Edited {
  readonly name: string;
  readonly keys: readonly string[];
  /** The first of the two addresses it asks for. */
  readonly host: number;
}

/** One edit, after which operator and agent get more or less time and the agent does more or less. */
async function editOnce({ name, keys, host }: Edited, random: () => number): Promise<void> {
  const pick = <T>(choices: readonly T[]): T => choices[random() % choices.length] as T;
  const spec = pick([
    { state: 'Disabled' },
    { state: 'Enabled' },
    { publicKey: pick(keys) },
    { addresses: [`10.30.0.${host}`] },
    { addresses: [`10.30.0.${host + 1}`] },
    { addresses: null },
    { publicKey: null },
    { presharedKey: { type: pick(['None', 'Derived']) } },
    { presharedKey: null },
    { persistentKeepaliveSeconds: pick([0, 25, null]) },
    { routes: [`192.168.${host}.0/24`] },
    { routes: [`192.168.${host}.0/25`, `192.168.${host + 1}.0/24`] },
    { routes: null },
  ]);
  await lab.patch(WireGuardPeer, { namespace, name }, { spec });
  if (random() % 2 === 0) near.program();
  if (random() % 3 === 0) await near.report();
  if (random() % 4 === 0) await until('it is observed', async () => observed(await peer(name)), 10);
  if (random() % 4 === 0) await acknowledge(name);
}

function observed({ metadata, status }: Peer): boolean {
  return status?.observedGeneration === metadata.generation;
}

function judge(object: Peer, seen: { current: number; wrong: string[] }): void {
  if (kstatus(object) !== 'Current') return;
  seen.current += 1;
  const { metadata, spec, status } = object;
  const isAsked = (spec.addresses ?? []).every((address) => status?.addresses?.includes(address));
  const acknowledged = near.acknowledged.has(`${metadata.uid} ${metadata.generation} ${decisionOf(object)}`);
  if (!acknowledged || !isAsked) seen.wrong.push(JSON.stringify({ name: metadata.name, spec, status }));
}

/**
 * What an agent has to report of this spec and status: its digest, or `gone`. As the spec asks for it, where it does: that
 * the status grants something else is then seen too.
 */
function decisionOf({ spec, status }: Peer): string {
  if (spec.state === 'Disabled') return 'gone';
  const isOwn = spec.publicKey !== undefined;
  const presharedKey = spec.presharedKey?.type ?? (isOwn ? 'None' : 'Derived');
  const asked = { ...status, ...(isOwn && { publicKey: spec.publicKey }), routes: spec.routes ?? [], presharedKey };
  const on = { uid: gateway.metadata.uid ?? '', publicKey: gateway.status?.publicKey ?? '' };
  return peerDigest({ spec, status: asked }, on);
}

function watchPeers(judgeOne: (object: Peer) => unknown, signal: AbortSignal): void {
  const store = new Store<Projected & { readonly object: Peer }>();
  const project = (object: Peer) => {
    const { name, uid = '', resourceVersion = '' } = object.metadata;
    return { namespace, name, uid, resourceVersion, object };
  };
  store.subscribe(({ type, object }) => type !== 'Deleted' && judgeOne(object.object));
  const watched = { client: lab.admin, resource: WireGuardPeer, namespace, store, project, clock: systemClock };
  void new Reflector<Peer, Projected & { readonly object: Peer }>(watched).run(signal);
}

/** The same numbers in every run (a linear congruential generator; the low bits are the poor ones). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 8;
  };
}
