import { describe, expect, it } from 'vitest';
import { FakeDataplane } from '../../dataplane/fake.ts';
import { KubeError } from '../../kube/errors.ts';
import { scriptedSource } from '../../kube/fake.ts';
import { Store } from '../../kube/store.ts';
import type { DeviceName, Prefix } from '../../mesh/model.ts';
import { fakeClock, fakeLog } from '../../runtime/fake.ts';
import { NodeFirewall } from '../device/firewall.ts';
import { NodeWorld } from './node-world.ts';
import { reconcileConfig } from './reconcile-config.ts';
import type { ConfigView } from './views.ts';

const OLD = 'pw-00000000' as DeviceName;
const { signal } = new AbortController();

function world(answer: 'there' | KubeError) {
  const configs = new Store<ConfigView>();
  const clock = fakeClock();
  const nodes = new NodeWorld({ client: scriptedSource([]), clock, log: fakeLog(), onChange: () => undefined });
  const dataplane = new FakeDataplane();
  const link = { alias: 'peerwright:net/old', up: true, mtu: 1420, listenPort: 0, publicKey: undefined };
  const routes = new Set(['10.90.0.0/24', '192.168.7.0/24', '172.16.0.0/24'] as Prefix[]);
  dataplane.devices.set(OLD, { ...link, addresses: new Set(), routes, peers: new Map() });
  const firewall = new NodeFirewall({ dataplane });
  const client = {
    get: async () => {
      if (answer !== 'there') throw answer;
      return {} as never;
    },
  };
  let taken = 0;
  const where = { namespace: 'peerwright-system', nodeName: 'n1', log: fakeLog(), onTaken: () => (taken += 1) };
  const run = () => reconcileConfig({ client, dataplane, firewall, configs, world: nodes, ...where }, signal);
  const rules = async () => {
    await firewall.ensure(signal);
    return dataplane.rules?.devices;
  };
  return { configs, nodes, dataplane, rules, run, taken: () => taken };
}

const refusal = (code: 'ApiNotFound' | 'ApiForbidden', reason: string) =>
  new KubeError({ code, status: 404, message: code, reason });
const GONE = refusal('ApiNotFound', 'NotFound');

describe('reconcileConfig', () => {
  it('concludes nothing before the config has been listed', async () => {
    const { nodes, run } = world(GONE);
    await run();
    expect([nodes.known, nodes.orphans()]).toEqual([false, []]);
  });

  it('lets devices go when the API server says that there is no config', async () => {
    const { configs, nodes, rules, run, taken } = world(GONE);
    configs.listed(new Set(), '10');
    await run();
    expect(taken()).toBe(1);
    expect([nodes.known, nodes.orphans()]).toEqual([true, [OLD]]);
    expect(await rules()).toMatchObject([{ name: OLD, pools: [], routes: [], peerRoutes: [] }]);
  });

  it('keeps everything when the config is there though the list has none', async () => {
    const { configs, nodes, run, taken } = world('there');
    configs.listed(new Set(), '10');
    expect(await run()).toMatchObject({ againAfterMs: expect.any(Number) });
    expect([nodes.known, nodes.orphans()]).toEqual([false, []]);
    // so that what is wrong with it goes on being reported
    expect(taken()).toBe(0);
  });

  it.each([
    ['not allowed to look', refusal('ApiForbidden', 'Forbidden')],
    ['without its kind', refusal('ApiNotFound', '')],
  ])('keeps everything when it is %s', async (_, error) => {
    const { configs, nodes, run } = world(error);
    configs.listed(new Set(), '10');
    await expect(run()).rejects.toBe(error);
    expect([nodes.known, nodes.orphans()]).toEqual([false, []]);
  });

  it('lets a device go that the config does not name', async () => {
    const { configs, nodes, run } = world('there');
    const meta = { namespace: 'peerwright-system', name: 'n1', uid: 'u', resourceVersion: '5' };
    configs.apply({ ...meta, gateways: [] });
    configs.listed(new Set(['u']), '10');
    await run();
    expect([nodes.known, nodes.orphans()]).toEqual([true, [OLD]]);
  });

  const configured = {
    gateway: { namespace: 'net', name: 'old', uid: '00000000-0' },
    generation: 1,
    keyNumber: 1,
    publicKey: 'AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=',
    sealedKey: 'x',
    listenPort: 51_840,
    addresses: ['10.90.0.1'],
    pools: ['10.90.0.0/24'],
    routes: ['10.0.0.0/16'],
    allowedPeerRoutes: ['192.168.0.0/16'],
  };
  const meta = { namespace: 'peerwright-system', name: 'n1', uid: 'u', resourceVersion: '5' };

  it('lets a device that is up go on with what its gateway allows, before its peers are known', async () => {
    const { configs, rules, run } = world('there');
    configs.apply({ ...meta, gateways: [configured] });
    configs.listed(new Set(['u']), '10');
    await run();
    const goesOn = { pools: ['10.90.0.0/24'], routes: ['10.0.0.0/16'], peerRoutes: ['192.168.7.0/24'] };
    expect(await rules()).toMatchObject([{ name: OLD, ...goesOn }]);
  });

  it('takes a config though a device cannot be read, and closes what is not known of it', async () => {
    const { configs, nodes, dataplane, rules, run } = world('there');
    dataplane.read = () => Promise.reject(new Error('no answer'));
    configs.apply({ ...meta, gateways: [configured] });
    configs.listed(new Set(['u']), '10');
    await run();
    expect(nodes.gateway(OLD)?.configured).toEqual(configured);
    expect(await rules()).toMatchObject([{ name: OLD, pools: ['10.90.0.0/24'], peerRoutes: [] }]);
  });
});
