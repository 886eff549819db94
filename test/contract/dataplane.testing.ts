import { afterAll, beforeAll, expect, test } from 'vitest';
import { fingerprintOf } from '../../src/dataplane/fingerprint.ts';
import { Secret } from '../../src/runtime/secret.ts';
import type { CurrentDevice, DesiredDevice, DesiredPeer, DeviceName, Prefix, PublicKey } from '../../src/mesh/model.ts';
import { planDevice } from '../../src/mesh/plan.ts';
import { NAME, deviceOf } from './device.testing.ts';
import { keyPair, keysOf, rulesOf } from './world.ts';
import type { World } from './world.ts';

const gateway = keyPair();
const clients = Array.from({ length: 50 }, () => keyPair());
const FIRST_KEY = new Secret(new Uint8Array(32).fill(1));
const SECOND_KEY = new Secret(new Uint8Array(32).fill(2));
const keys = keysOf(gateway, [FIRST_KEY, SECOND_KEY]);
const signal = new AbortController().signal;

/** What every data plane does with a device: the tests of one, which `make` gives. Called inside a `describe`. */
export function behavesAsDataplane(make: () => Promise<World>): void {
  let world: World;
  beforeAll(async () => {
    world = await make();
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  test('a device that is not there is absent and not listed', async () => {
    expect(await world.dataplane.read(NAME, signal)).toEqual({ state: 'absent' });
    expect(await world.dataplane.list(signal)).toEqual([]);
  });

  test('a link does not come up before a firewall table names it', async () => {
    const problems = await bring(device());
    expect(problems.map(({ code }) => code)).toEqual(['FirewallUnavailable']);
    expect(await current()).toMatchObject({ up: false, publicKey: gateway.publicKey });
  });

  test('a plan makes the device as desired, and planning again gives nothing', async () => {
    await guard();
    expect(await bring(device())).toEqual([]);
    expect(await current()).toMatchObject({
      alias: 'peerwright:net/edge',
      up: true,
      mtu: 1420,
      publicKey: gateway.publicKey,
      listenPort: 51840,
      addresses: ['10.90.0.1/32', 'fd00:90::1/128'],
      routes: ['10.90.0.0/16', 'fd00:90::/64'],
    });
    expect(planDevice(await current(), device()).operations).toEqual([]);
    expect(await world.dataplane.list(signal)).toEqual([NAME]);
  });

  test('one of 50 peers comes and goes without a trace on the other 49', async () => {
    const [first = gateway, ...rest] = clients;
    expect(await bring(device(peers(clients.slice(0, 49))))).toEqual([]);
    await world.handshake({ device: NAME, devicePublicKey: gateway.publicKey, port: 51840, client: first });
    const before = await current();
    expect(before.peers.get(first.publicKey)).toMatchObject({ endpoint: expect.stringMatching(/^127\.0\.0\.1:\d+$/) });
    expect(await bring(device(peers(clients)))).toEqual([]);
    expect(othersOf(await current())).toEqual(othersOf(before));
    expect((await current()).peers.size).toBe(50);
    expect(await bring(device(peers([first, ...rest.slice(0, 48)])))).toEqual([]);
    expect((await current()).peers).toEqual(before.peers);
  });

  test('one AllowedIP leaves a peer, the others and its session stay', async () => {
    const before = await current();
    const all = peers(clients.slice(0, 49));
    const [first = peer(0), ...rest] = all;
    expect(await bring(device([{ ...first, allowedIPs: ['10.90.1.0/32' as Prefix] }, ...rest]))).toEqual([]);
    const after = (await current()).peers;
    expect(after.size).toBe(49);
    expect(after.get(first.publicKey)).toEqual({ ...before.peers.get(first.publicKey), allowedIPs: ['10.90.1.0/32'] });
    expect(await bring(device(all))).toEqual([]);
    expect((await current()).peers).toEqual(before.peers);
  });

  test('two peers exchange their addresses', async () => {
    const [a, b] = [peer(0), peer(1)];
    await bring(device([a, b]));
    const swapped = [
      { ...a, allowedIPs: b.allowedIPs },
      { ...b, allowedIPs: a.allowedIPs },
    ];
    expect(await bring(device(swapped))).toEqual([]);
    expect(planDevice(await current(), device(swapped)).operations).toEqual([]);
  });

  test('a route moves from one live peer to another, which keep all else', async () => {
    const route = '10.90.200.0/24' as Prefix;
    const withRoute = (index: number) => ({
      ...peer(index),
      allowedIPs: [...peer(index).allowedIPs, route].toSorted(),
    });
    await bring(device([withRoute(0), peer(1)]));
    expect(await bring(device([peer(0), withRoute(1)]))).toEqual([]);
    const after = (await current()).peers;
    expect(after.get(key(0))?.allowedIPs).toEqual(peer(0).allowedIPs);
    expect(after.get(key(1))?.allowedIPs).toEqual(withRoute(1).allowedIPs);
    expect(await bring(device([withRoute(2), peer(1)]))).toEqual([]);
    expect(planDevice(await current(), device([withRoute(2), peer(1)])).operations).toEqual([]);
  });

  test('a peer comes with preshared key, endpoint and keepalive, and each of them can change', async () => {
    const settings = {
      presharedKey: fingerprintOf(FIRST_KEY),
      endpoint: '192.0.2.9:51820',
      persistentKeepaliveSeconds: 25,
    };
    await expectSettings(settings);
    await expectSettings({ ...settings, presharedKey: fingerprintOf(SECOND_KEY) });
    await expectSettings({ ...settings, endpoint: '[2001:db8::9]:51821' });
    await expectSettings({ ...settings, persistentKeepaliveSeconds: 0 });
    expect((await current()).peers.get(key(1))).toEqual({ ...peer(1), rxBytes: 0, txBytes: 0 });
  });

  test('a preshared key can be taken away, and an endpoint that is no longer desired stays', async () => {
    const settings = {
      presharedKey: fingerprintOf(FIRST_KEY),
      endpoint: '192.0.2.9:51820',
      persistentKeepaliveSeconds: 0,
    };
    await expectSettings(settings);
    expect(await bring(device([peer(0), peer(1)]))).toEqual([]);
    const after = (await current()).peers.get(key(0));
    expect(after).toMatchObject({ endpoint: '192.0.2.9:51820', persistentKeepaliveSeconds: 0 });
    expect(after).not.toHaveProperty('presharedKey');
  });

  test('an AllowedIP given twice moves to the last writer and does not come back', async () => {
    await bring(device([peer(0)]));
    const [thief, prefix] = [key(1), '10.90.1.0/32' as Prefix];
    await apply({ type: 'AddPeer', peer: { publicKey: thief, allowedIPs: [prefix], persistentKeepaliveSeconds: 0 } });
    expect((await current()).peers.get(key(0))?.allowedIPs).not.toContain(prefix);
    await apply({ type: 'RemovePeer', publicKey: thief });
    expect((await current()).peers.get(key(0))?.allowedIPs).toEqual(['fd00:90::1:0/128']);
  });

  test("the device's own key as a peer is ignored without a word", async () => {
    await bring(device([peer(0)]));
    expect(
      await apply({
        type: 'AddPeer',
        peer: { publicKey: gateway.publicKey, allowedIPs: [], persistentKeepaliveSeconds: 0 },
      }),
    ).toEqual([]);
    expect([...(await current()).peers.keys()]).toEqual([key(0)]);
  });

  test('a listen port that somebody else has is refused, and the device goes on with its own', async () => {
    await bring(device([peer(0)]));
    await world.takePort(51842);
    const problems = await apply({ type: 'SetListenPort', listenPort: 51842 });
    expect(problems).toMatchObject([{ code: 'DeviceFailed', message: expect.stringContaining('already in use') }]);
    expect(await current()).toMatchObject({ listenPort: 51840, up: true });
  });

  test('address, route, port, MTU and key can change', async () => {
    const next = keyPair();
    const changed = {
      ...device([peer(0)]),
      publicKey: next.publicKey,
      listenPort: 51841,
      mtu: 1380,
      addresses: ['10.91.0.1/32' as Prefix],
      routes: ['10.91.0.0/16' as Prefix],
    };
    const plan = planDevice(await current(), changed);
    expect(await world.dataplane.apply(plan, keysOf(next), signal)).toEqual([]);
    expect(planDevice(await current(), changed).operations).toEqual([]);
    expect((await current()).peers.has(key(0))).toBe(true);
  });

  test('a route of somebody else is a problem and stays', async () => {
    await world.addForeignRoute('10.99.0.0/16' as Prefix);
    const wanted = { ...device(), routes: ['10.98.0.0/16' as Prefix, '10.99.0.0/16' as Prefix] };
    const problems = await bring(wanted);
    expect(problems).toEqual([{ code: 'DeviceFailed', message: expect.stringContaining('10.99.0.0/16') }]);
    expect((await current()).routes).toContain('10.98.0.0/16');
    expect((await current()).routes).not.toContain('10.99.0.0/16');
  });

  test('an interface of our name that is not ours is reported and left alone', async () => {
    const name = 'pw-00000002' as DeviceName;
    await world.addForeignLink(name);
    const before = await world.describeForeignLink(name);
    const found = await world.dataplane.read(name, signal);
    expect(found).toMatchObject({ state: 'foreign', problem: { code: 'InterfaceConflict' } });
    const plan = planDevice(undefined, { ...device(), name });
    const problems = await world.dataplane.apply(plan, keys, signal);
    expect(problems.map(({ code }) => code)).toEqual(['InterfaceConflict']);
    expect(await world.describeForeignLink(name)).toBe(before);
    expect(await world.dataplane.list(signal)).not.toContain(name);
  });

  test('a device that is no longer wanted goes, and can be made again at once', async () => {
    const gone = planDevice(await current(), undefined);
    expect(await world.dataplane.apply(gone, keys, signal)).toEqual([]);
    expect(await world.dataplane.read(NAME, signal)).toEqual({ state: 'absent' });
    expect(await world.dataplane.list(signal)).toEqual([]);
    expect(await bring(device([peer(0)]))).toEqual([]);
    expect((await current()).peers.size).toBe(1);
  });

  async function expectSettings(settings: Partial<DesiredPeer>) {
    const desired = device([{ ...peer(0), ...settings }, peer(1)]);
    expect(await bring(desired)).toEqual([]);
    expect((await current()).peers.get(key(0))).toMatchObject({ ...peer(0), ...settings });
    expect(planDevice(await current(), desired).operations).toEqual([]);
  }

  async function bring(desired: DesiredDevice) {
    const found = await world.dataplane.read(NAME, signal);
    const plan = planDevice(found.state === 'ours' ? found.device : undefined, desired);
    return await world.dataplane.apply(plan, keys, signal);
  }

  async function current(): Promise<CurrentDevice> {
    const found = await world.dataplane.read(NAME, signal);
    if (found.state !== 'ours') throw new Error(`the device is ${found.state}`);
    return found.device;
  }

  function apply(operation: ReturnType<typeof planDevice>['operations'][number]) {
    return world.dataplane.apply({ device: NAME, operations: [operation] }, keys, signal);
  }

  async function guard() {
    const devices = [rulesOf(NAME, device().addresses)];
    expect(await world.dataplane.firewall({ devices }, signal)).toEqual([]);
  }
}

function device(list: readonly DesiredPeer[] = []): DesiredDevice {
  return deviceOf(gateway.publicKey, list);
}

function peers(of: readonly { readonly publicKey: PublicKey }[]): DesiredPeer[] {
  return of.map(({ publicKey }) => peer(clients.findIndex((client) => client.publicKey === publicKey)));
}

function peer(index: number): DesiredPeer {
  const allowedIPs = [`10.90.1.${index}/32`, `fd00:90::1:${index}/128`] as Prefix[];
  return { publicKey: key(index), allowedIPs, persistentKeepaliveSeconds: 0 };
}

function key(index: number): PublicKey {
  return clients[index]?.publicKey ?? gateway.publicKey;
}

/** All but the peer that comes and goes. */
function othersOf({ peers: all }: CurrentDevice) {
  return new Map([...all].filter(([publicKey]) => publicKey !== key(49)));
}
