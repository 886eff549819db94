import { afterAll, beforeAll, expect, test } from 'vitest';
import { WireGuardAddressBlock, WireGuardPeer } from '../../../src/api/v1alpha1/index.ts';
import { secrets } from '../../../src/kube/resources.ts';
import { addressAt } from '../../../src/mesh/blocks.ts';
import type { Prefix } from '../../../src/mesh/model.ts';
import { condition, newKey, OperatorLab, type OperatorProcess, ours, SYSTEM, until } from './lab.ts';

const PEERS = 1_000;
const OPERATORS = 4;
/** Every eighth peer asks for an address, and every third of them for that of the one before. */
const REQUEST_EVERY = 8;
/** And every tenth has its key made. */
const KEYLESS_EVERY = 10;

let lab: OperatorLab;
let operators: readonly OperatorProcess[];

beforeAll(async () => {
  lab = await OperatorLab.start();
  operators = await Promise.all(Array.from({ length: OPERATORS }, () => lab.operator(['--leader-elect=false'])));
}, 120_000);
afterAll(() => lab?.[Symbol.asyncDispose]());

/** What peer number `index` asks for. */
function requestOf(index: number): string[] {
  if (index % REQUEST_EVERY !== 0) return [];
  const rank = index / REQUEST_EVERY;
  // ranks 0 1 2 3 4 5 … ask for 0 1 1 3 4 4 …
  const wanted = rank % 3 === 2 ? rank - 1 : rank;
  return [`10.20.3.${wanted + 128}`, `fd00:20::${(wanted + 0x8000).toString(16)}`];
}

async function createAll(namespace: string): Promise<void> {
  const indexes = Array.from({ length: PEERS }, (_, index) => index);
  const creators = Array.from({ length: 24 }, async () => {
    for (let index = indexes.shift(); index !== undefined; index = indexes.shift()) {
      const key = index % KEYLESS_EVERY === 1 ? {} : { publicKey: newKey() };
      const spec = { gatewayRef: { name: 'edge' }, ...key, addresses: requestOf(index) };
      await lab.create(WireGuardPeer, {
        ...ours('WireGuardPeer', { namespace, name: `p${index}` }),
        spec,
      } as WireGuardPeer);
    }
  });
  await Promise.all(creators);
}

test('four operators give 1,000 peers at once no address twice and lose none', { timeout: 120_000 }, async () => {
  const namespace = await lab.namespace();
  await lab.gateway(
    { namespace, name: 'edge' },
    { pools: [{ cidr: '10.20.0.0/22', reserved: ['10.20.3.128/25'] }, { cidr: 'fd00:20::/112' }] },
  );
  const start = performance.now();
  await createAll(namespace);
  const created = performance.now();
  const decided = (peer: WireGuardPeer) =>
    peer.status?.addresses?.length === 2 || condition(peer, 'Stalled') !== undefined;
  const peers = await until(
    'every peer is decided',
    async () => {
      const all = await lab.list(WireGuardPeer, namespace);
      return all.length === PEERS && all.every(decided) && all;
    },
    90,
  );
  const end = performance.now();

  const blocks = await lab.list(WireGuardAddressBlock, SYSTEM);
  const holders = new Map<string, string[]>();
  for (const { spec } of blocks)
    for (const { offset, peer } of spec.allocations) {
      const address = addressAt(spec.cidr as Prefix, offset);
      holders.set(address, [...(holders.get(address) ?? []), peer.name]);
    }
  const duplicates = [...holders.values()].filter((names) => names.length > 1);
  const inStatus = peers.flatMap((peer) => peer.status?.addresses ?? []);
  const losers = peers.filter((peer) => condition(peer, 'Stalled'));
  const misrecorded = peers.flatMap((peer) =>
    (peer.status?.addresses ?? []).filter((address) => holders.get(address)?.join() !== peer.metadata.name),
  );
  const made = new Map(
    (await lab.list(secrets, namespace)).map(({ metadata, data }) => [
      metadata.name,
      Buffer.from(data?.['publicKey'] ?? '', 'base64').toString(),
    ]),
  );
  const keyless = peers.filter(({ spec }) => spec.publicKey === undefined);
  expect(keyless).toHaveLength(PEERS / KEYLESS_EVERY);
  expect(
    keyless.filter(({ metadata, status }) => made.get(`${metadata.name}-wireguard`) !== status?.publicKey),
  ).toEqual([]);
  expect(duplicates).toEqual([]);
  expect(new Set(inStatus).size).toBe(inStatus.length);
  expect(misrecorded).toEqual([]);
  expect(losers).toHaveLength(Math.floor(PEERS / REQUEST_EVERY / 3));
  expect(new Set(losers.map((peer) => condition(peer, 'Stalled')?.reason))).toEqual(new Set(['AddressInUse']));
  await until('no peer holds more than one address of a family', async () => {
    const live = (await lab.list(WireGuardAddressBlock, SYSTEM)).flatMap(({ spec }) =>
      spec.allocations.filter((one) => !one.releaseTime).map((one) => `${one.peer.uid} ${spec.cidr.includes(':')}`),
    );
    return new Set(live).size === live.length;
  });

  const writes = await Promise.all(operators.map((operator) => operator.writes()));
  const total = (what: RegExp) =>
    writes.flatMap((one) => [...one].filter(([key]) => what.test(key))).reduce((sum, [, count]) => sum + count, 0);
  process.stdout.write(
    `1,000 peers, 4 operators: created in ${((created - start) / 1_000).toFixed(1)} s, decided ${((end - created) / 1_000).toFixed(1)} s later; ` +
      `${blocks.length} blocks, block writes ${total(/addressblocks/)}, peer status writes ${total(/peers\/status/)}, events ${total(/events/)}\n`,
  );
  expect(end - start).toBeLessThan(90_000);
});
