import { describe, expect, it } from 'vitest';
import type { ConfiguredGateway } from '../../api/v1alpha1/node-config.ts';
import { FakeDataplane } from '../../dataplane/fake.ts';
import { pass, scriptedSource } from '../../kube/fake.ts';
import { deviceName } from '../../mesh/device.ts';
import { fakeClock, fakeLog } from '../../runtime/fake.ts';
import { NodeWorld } from '../world/node-world.ts';
import { rulesOfFound } from './device-rules.ts';
import { NodeFirewall } from './firewall.ts';
import { Observations } from './observations.ts';
import { pollDevices } from './poll.ts';

const gateway = (uid: string): ConfiguredGateway => ({
  gateway: { namespace: 'net', name: uid, uid },
  generation: 1,
  keyNumber: 1,
  publicKey: 'AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=',
  sealedKey: 'x',
  listenPort: 51_840,
  addresses: [],
  pools: [],
});
const GOOD = gateway('11111111-0');
const BAD = gateway('22222222-0');
const closed = rulesOfFound({ name: deviceName(GOOD.gateway.uid), configured: undefined, device: undefined });

function start(gateways?: readonly ConfiguredGateway[]) {
  const clock = fakeClock();
  const log = fakeLog();
  const stop = new AbortController();
  const world = new NodeWorld({ client: scriptedSource([]), clock, log, onChange: () => undefined });
  if (gateways) world.configure(gateways, stop.signal);
  const dataplane = new FakeDataplane();
  const firewall = new NodeFirewall({ dataplane });
  const observations = new Observations();
  const looks: string[] = [];
  const queue = { add: (key: string) => void looks.push(key) };
  void pollDevices({ world, observations, firewall, queue, clock, log }, stop.signal);
  return { clock, world, dataplane, firewall, observations, looks, stop };
}

describe('pollDevices', () => {
  it('looks at every device often enough to repair drift within 5 s', async () => {
    const { clock, looks, stop } = start([GOOD]);
    await pass(clock, 5_000);
    expect(looks).toEqual([deviceName(GOOD.gateway.uid)]);
    stop.abort();
  });

  it('looks at nothing while the config is unknown', async () => {
    const { clock, looks, dataplane, stop } = start();
    await pass(clock, 20_000);
    expect([looks, dataplane.rules]).toEqual([[], undefined]);
    stop.abort();
  });

  it('looks less often at a device with problems, and as often as before at others', async () => {
    const { clock, looks, world, observations, stop } = start([GOOD, BAD]);
    const bad = world.gateway(deviceName(BAD.gateway.uid));
    if (bad) observations.failed(bad, { code: 'WireGuardUnavailable', message: 'none' });
    await pass(clock, 160_000);
    const count = (uid: string) => looks.filter((name) => name === deviceName(uid)).length;
    expect(count(GOOD.gateway.uid)).toBe(40);
    expect(count(BAD.gateway.uid)).toBeLessThan(15);
    expect(count(BAD.gateway.uid)).toBeGreaterThan(8);
    stop.abort();
  });

  it.each(['ForwardingDisabled', 'RouteConflict', 'ListenPortConflict'] as const)(
    'looks as often as before at a device whose problem is %s, which only a look can end',
    async (code) => {
      const { clock, looks, world, observations, stop } = start([GOOD]);
      const good = world.gateway(deviceName(GOOD.gateway.uid));
      if (good) observations.failed(good, { code, message: 'm' });
      await pass(clock, 40_000);
      expect(looks).toHaveLength(10);
      stop.abort();
    },
  );

  it('brings the firewall table back that somebody took away', async () => {
    const { clock, dataplane, firewall, stop } = start([GOOD]);
    firewall.admit(closed);
    await firewall.ensure(stop.signal);
    dataplane.rules = undefined;
    await pass(clock, 5_000);
    expect(dataplane.rules).toEqual({ devices: [closed] });
    stop.abort();
  });
});
