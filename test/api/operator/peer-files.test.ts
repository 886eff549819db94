import { afterAll, beforeAll, expect, test } from 'vitest';
import { WireGuardGateway, WireGuardPeer } from '../../../src/api/v1alpha1/index.ts';
import { secrets } from '../../../src/kube/resources.ts';
import { canariesOf, hits, objectsIn } from '../../support/canary.ts';
import { condition, type OperatorLab, type OperatorProcess, until } from './lab.ts';
import { CONFIG_TYPE, linesOf, PeerKeysScene, secretRef, text } from './peer-keys-scene.ts';

const CHECK_S = 2;
const WRITES_A_SECOND = 20;

let scene: PeerKeysScene;
let lab: OperatorLab;
let operator: OperatorProcess;
let namespace: string;

beforeAll(async () => {
  const writes = ['--file-writes-per-second', String(WRITES_A_SECOND)];
  scene = await PeerKeysScene.start(['--file-check-seconds', String(CHECK_S), ...writes]);
  ({ lab, operator, namespace } = scene);
}, 90_000);
afterAll(() => scene?.[Symbol.asyncDispose]());

test('deleting the Secret makes a new pair, which the agent moves on to; a hand edit of the file is put right', async () => {
  const ref = await scene.made('replaced');
  const { status } = await scene.ready(ref);
  await lab.delete(secrets, secretRef(ref));
  await until(
    'there is a new key',
    async () => ((await scene.peer(ref)).status?.publicKey ?? status?.publicKey) !== status?.publicKey,
  );
  await scene.ready(ref);
  expect(await scene.isComplete(ref)).toBe(true);
  const right = await scene.secretOf(ref);
  await lab.patch(secrets, secretRef(ref), {
    data: { 'wg.conf': 'eA==', more: 'eA==' },
    metadata: { labels: { mine: 'x' } },
  });
  await until('it is put right', async () => {
    const found = await scene.secretOf(ref);
    return found?.metadata.labels?.['mine'] === 'x' && JSON.stringify(found.data) === JSON.stringify(right?.data);
  });
  const { metadata } = await scene.peer(ref);
  expect([metadata.generation, condition(await scene.peer(ref), 'Ready')?.status]).toEqual([1, 'True']);
});

test('files follow the gateway, no more than so many a second, and no peer is less than Ready for it', async () => {
  const where = await scene.gateway();
  const refs = await Promise.all(Array.from({ length: 60 }, (_, index) => scene.made(`p${index}`, {}, where)));
  for (const ref of refs) await scene.ready(ref);
  const before = await lab.list(WireGuardPeer, where);
  const updates = async () => (await operator.writes()).get('update secrets') ?? 0;
  const start = { count: await updates(), at: performance.now() };
  await lab.patch(
    WireGuardGateway,
    { namespace: where, name: 'edge' },
    {
      spec: { endpoint: { host: 'vpn.example.com', port: 4500 }, client: { dns: ['10.0.0.10'] } },
    },
  );
  const followed = async () => {
    const all = (await lab.list(secrets, where)).filter(({ type }) => type === CONFIG_TYPE).map(linesOf);
    return all.filter(
      (lines) => lines.includes('Endpoint = vpn.example.com:4500') && lines.includes('DNS = 10.0.0.10'),
    );
  };
  await until('every file has followed', async () => (await followed()).length === refs.length);
  const seconds = (performance.now() - start.at) / 1_000;
  const count = (await updates()) - start.count;
  process.stdout.write(`${count} rewrites in ${seconds.toFixed(1)} s\n`);
  expect(count).toBeGreaterThanOrEqual(refs.length);
  expect(count).toBeLessThanOrEqual(WRITES_A_SECOND * seconds + 1);
  const transitions = (peers: readonly WireGuardPeer[]) =>
    new Map(peers.map((one) => [one.metadata.name, condition(one, 'Ready')]));
  expect(transitions(await lab.list(WireGuardPeer, where))).toEqual(transitions(before));
});

test('whoever changes addresses or client routes finds them in the file', async () => {
  const ref = await scene.made('edited');
  const { status } = await scene.ready(ref);
  const address = status?.addresses?.[0]?.replace(/[0-9]+$/, '250') ?? '';
  await lab.patch(WireGuardPeer, ref, { spec: { addresses: [address], clientRoutes: ['0.0.0.0/0'] } });
  await until('the file has both', async () => {
    const lines = linesOf(await scene.secretOf(ref));
    return lines.includes('AllowedIPs = 0.0.0.0/0') && lines.some((line) => line.startsWith(`Address = ${address}/32`));
  });
  await scene.ready(ref);
  expect(await scene.isComplete(ref)).toBe(true);
});

test('nothing secret is anywhere but in Secrets, and a planted one would be found', async () => {
  const ref = await scene.made('canary');
  const { status } = await scene.ready(ref);
  const allSecrets = await lab.list(secrets);
  const peers = await lab.list(WireGuardPeer);
  const wanted = canariesOf(allSecrets, peers);
  expect(wanted.length).toBeGreaterThan(2 * peers.filter(({ spec }) => spec.publicKey === undefined).length);
  const places = [
    { where: 'the log of the operator', content: Buffer.from(await operator.log()) },
    { where: 'its metrics', content: Buffer.from(await operator.metrics()) },
    await objectsIn(lab.plane),
  ];
  expect(places.flatMap(({ where, content }) => hits(wanted, where, content))).toEqual([]);
  const leaked = (value: string) => hits(wanted, 'a log', Buffer.from(`{"msg":"x ${value} y"}`));
  expect(leaked(text(await scene.secretOf(ref), 'privateKey'))).toEqual([
    `privateKey of ${namespace}/canary-wireguard in a log`,
  ]);
  const presharedKey = await scene.presharedKeyAtAgent(status?.publicKey);
  expect(leaked(presharedKey)).toEqual([`preshared key of ${namespace}/canary in a log`]);
  expect(leaked(Buffer.from(presharedKey, 'base64').toString('hex'))).toHaveLength(1);
});
