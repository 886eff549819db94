import { beforeEach, describe, expect, it } from 'vitest';
import { FakeDataplane } from '../../dataplane/fake.ts';
import type { DeviceRules } from '../../dataplane/port.ts';
import type { DeviceName, Prefix } from '../../mesh/model.ts';
import { rulesOfFound } from './device-rules.ts';
import { NodeFirewall } from './firewall.ts';
import { CORE, EDGE } from './gateway.testing.ts';

const { signal } = new AbortController();
const rules = (name: DeviceName, ...peerRoutes: string[]): DeviceRules => ({
  ...rulesOfFound({ name, configured: undefined, device: undefined }),
  peerRoutes: peerRoutes as Prefix[],
});
const BROKEN = { code: 'FirewallUnavailable', message: 'nft is broken' } as const;

let dataplane: FakeDataplane;
let firewall: NodeFirewall;

beforeEach(() => {
  dataplane = new FakeDataplane();
  firewall = new NodeFirewall({ dataplane });
});

describe('NodeFirewall', () => {
  it('loads one table for all devices, in the same order whoever came first', async () => {
    firewall.admit(rules(CORE));
    firewall.admit(rules(EDGE));
    await firewall.ensure(signal);
    expect(dataplane.rules?.devices).toEqual([rules(EDGE), rules(CORE)]);
  });

  it('loads again only what is different, unless it has to look', async () => {
    firewall.admit(rules(EDGE));
    await firewall.ensure(signal);
    dataplane.rules = undefined;
    await firewall.ensure(signal);
    expect(dataplane.rules).toBeUndefined();
    await firewall.verify(signal);
    expect(dataplane.rules).toBeDefined();
    firewall.admit(rules(EDGE, '192.168.7.0/24'));
    await firewall.ensure(signal);
    expect(dataplane.rules).toEqual({ devices: [rules(EDGE, '192.168.7.0/24')] });
  });

  it('says what is in force for a device, which is what was loaded and not what is to be', async () => {
    firewall.admit(rules(EDGE));
    expect(firewall.inForce(EDGE)).toBeUndefined();
    await firewall.ensure(signal);
    firewall.admit(rules(EDGE, '192.168.7.0/24'));
    expect(firewall.inForce(EDGE)).toEqual(rules(EDGE));
    firewall.exclude(EDGE);
    await firewall.ensure(signal);
    expect(firewall.inForce(EDGE)).toBeUndefined();
  });

  it('knows of nothing in force after a load that did not work, and of the old rules while it loads', async () => {
    firewall.admit(rules(EDGE));
    await firewall.ensure(signal);
    const working = dataplane.firewall.bind(dataplane);
    const slow = Promise.withResolvers<void>();
    dataplane.firewall = (...args) => slow.promise.then(() => working(...args));
    dataplane.breakFirewall = BROKEN;
    const looking = firewall.verify(signal);
    expect(firewall.inForce(EDGE)).toEqual(rules(EDGE));
    slow.resolve();
    expect([await looking, firewall.inForce(EDGE)]).toEqual([[BROKEN], undefined]);
    dataplane.firewall = () => Promise.reject(new Error('no nft'));
    await expect(firewall.ensure(signal)).rejects.toThrow('no nft');
    expect(firewall.inForce(EDGE)).toBeUndefined();
  });

  it('never loads an older state over a newer one', async () => {
    firewall.admit(rules(EDGE));
    const first = firewall.ensure(signal);
    firewall.admit(rules(CORE));
    await Promise.all([first, firewall.ensure(signal)]);
    expect(dataplane.rules?.devices.map(({ name }) => name)).toEqual([EDGE, CORE]);
  });
});
