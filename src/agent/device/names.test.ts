import { beforeEach, describe, expect, it } from 'vitest';
import { FakeDataplane } from '../../dataplane/fake.ts';
import { settle } from '../../kube/fake.ts';
import type { DeviceName, Prefix } from '../../mesh/model.ts';
import { fakeClock } from '../../runtime/fake.ts';
import type { FakeClock } from '../../runtime/fake.ts';
import { CORE, EDGE } from './gateway.testing.ts';
import { Names } from './names.ts';

const HOST = 'branch7.example.net';
const { signal } = new AbortController();

let clock: FakeClock;
let dataplane: FakeDataplane;
let names: Names;
let told: DeviceName[];
let lookups: number;

beforeEach(() => {
  clock = fakeClock();
  dataplane = new FakeDataplane();
  told = [];
  lookups = 0;
  const counting = {
    resolve: (host: string) => {
      lookups += 1;
      return dataplane.resolve(host);
    },
    underlayMtu: (remotes: readonly string[]) => dataplane.underlayMtu(remotes),
  };
  names = new Names({ dataplane: counting, clock, onAnswer: (device) => void told.push(device) });
});

describe('Names', () => {
  it('answers at once with what is known, and tells everybody who asked when there is more', async () => {
    dataplane.names.set(HOST, ['203.0.113.7']);
    expect([names.ask(HOST, EDGE, signal), names.ask(HOST, CORE, signal)]).toEqual([undefined, undefined]);
    await settle();
    expect([told, lookups]).toEqual([[EDGE, CORE], 1]);
    expect(names.ask(HOST, EDGE, signal)).toEqual({ addresses: ['203.0.113.7'], isFresh: true });
  });

  it('looks again after 30 s, and says until then that what it knows is old', async () => {
    dataplane.names.set(HOST, ['203.0.113.7']);
    names.ask(HOST, EDGE, signal);
    await settle();
    clock.advance(29_999);
    names.ask(HOST, EDGE, signal);
    expect(lookups).toBe(1);
    clock.advance(1);
    expect(names.ask(HOST, EDGE, signal)).toEqual({ addresses: ['203.0.113.7'], isFresh: false });
    await settle();
    expect([lookups, names.ask(HOST, EDGE, signal)?.isFresh]).toEqual([2, true]);
  });

  it('knows no address of a name whose resolver fails', async () => {
    dataplane.resolve = () => Promise.reject(new Error('no resolver'));
    names.ask(HOST, EDGE, signal);
    await settle();
    expect([names.ask(HOST, EDGE, signal)?.addresses, told]).toEqual([[], [EDGE]]);
  });

  it('holds up no other name while one hangs', async () => {
    const working = dataplane.resolve.bind(dataplane);
    dataplane.names.set('other.example.net', ['203.0.113.8']);
    dataplane.resolve = (host) => (host === HOST ? new Promise(() => undefined) : working(host));
    names.ask(HOST, EDGE, signal);
    names.ask('other.example.net', CORE, signal);
    await settle();
    expect(told).toEqual([CORE]);
  });

  it('looks for the ways to one name at a time', async () => {
    let [now, most, looks] = [0, 0, 0];
    dataplane.underlayMtu = async () => {
      most = Math.max(most, ++now);
      await settle();
      now -= 1;
      looks += 1;
      return 1500;
    };
    const hosts = Array.from({ length: 20 }, (_, index) => `branch${index}.example.net`);
    for (const host of hosts) dataplane.names.set(host, ['203.0.113.7', '2001:db8::7']);
    for (const host of hosts) names.ask(host, EDGE, signal);
    while (told.length < hosts.length) await settle();
    expect([looks, most]).toEqual([40, 2]);
  });

  it.each([
    [['::/0'], ['2001:db8::7']],
    [['0.0.0.0/0'], ['203.0.113.7']],
    [
      ['0.0.0.0/0', '::/0'],
      ['203.0.113.7', '2001:db8::7'],
    ],
    [[], ['203.0.113.7', '2001:db8::7']],
  ])('with ways %j leaves out addresses of a family that the node does not reach: %j', async (ways, addresses) => {
    for (const network of ways) dataplane.uplinks.push({ network: network as Prefix, mtu: 1500 });
    dataplane.names.set(HOST, ['203.0.113.7', '2001:db8::7']);
    names.ask(HOST, EDGE, signal);
    await settle();
    expect(names.ask(HOST, EDGE, signal)?.addresses).toEqual(addresses);
  });
});
