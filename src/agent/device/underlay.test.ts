import { beforeEach, describe, expect, it } from 'vitest';
import type { CurrentDevice, CurrentPeer, PublicKey } from '../../mesh/model.ts';
import { fakeClock } from '../../runtime/fake.ts';
import type { FakeClock } from '../../runtime/fake.ts';
import { EDGE } from './gateway.testing.ts';
import { Underlay } from './underlay.ts';

const { signal } = new AbortController();
let clock: FakeClock;
let underlay: Underlay;
let asked: (readonly string[])[];
let mtus: Record<string, number>;

beforeEach(() => {
  clock = fakeClock();
  asked = [];
  mtus = { '': 1500 };
  const underlayMtu = async (remotes: readonly string[]) => {
    asked.push(remotes);
    return mtus[remotes.join()];
  };
  underlay = new Underlay({ dataplane: { underlayMtu }, clock });
});

function device(...endpoints: string[]): CurrentDevice {
  const peers = endpoints.map((endpoint, index): [PublicKey, CurrentPeer] => {
    const publicKey = `key-${index}` as PublicKey;
    const counters = { persistentKeepaliveSeconds: 0, rxBytes: 0, txBytes: 0, lastHandshakeMs: index };
    return [publicKey, { publicKey, allowedIPs: [], endpoint, ...counters }];
  });
  const link = { name: EDGE, implementation: 'Kernel' as const, alias: '', up: true, mtu: 1420, listenPort: 1 };
  return { ...link, addresses: [], routes: [], peers: new Map(peers) };
}

describe('the MTU of a device', () => {
  it('is asked for by the addresses of its peers, each once', async () => {
    mtus['192.0.2.1,2001:db8::1'] = 1400;
    const current = device('192.0.2.1:1', '[2001:db8::1]:1', '192.0.2.1:2');
    expect(await underlay.mtu(undefined, current, signal)).toBe(1320);
    expect(asked).toEqual([['192.0.2.1', '2001:db8::1']]);
  });

  it('is that of the default routes without peers, or when none can be reached', async () => {
    expect(await underlay.mtu(undefined, undefined, signal)).toBe(1420);
    expect(await underlay.mtu(undefined, device('192.0.2.9:1'), signal)).toBe(1420);
    expect(asked).toEqual([[], ['192.0.2.9'], []]);
  });

  it('is looked at again with each poll, and not with each pass in between', async () => {
    await underlay.mtu(undefined, device(), signal);
    mtus[''] = 9000;
    clock.advance(2_999);
    expect(await underlay.mtu(undefined, device(), signal)).toBe(1420);
    clock.advance(1);
    expect(await underlay.mtu(undefined, device(), signal)).toBe(8920);
  });

  it('asks for those of very many peers that were heard last', async () => {
    const all = Array.from({ length: 300 }, (_, index) => `10.1.${index >> 8}.${index & 255}:1`);
    await underlay.mtu(undefined, device(...all), signal);
    expect([asked[0]?.length, asked[0]?.[0], asked[0]?.includes('10.1.0.0')]).toEqual([256, '10.1.1.43', false]);
  });

  it('is not asked for when it is configured', async () => {
    expect(await underlay.mtu(1300, device('192.0.2.1:1'), signal)).toBe(1300);
    expect(asked).toEqual([]);
  });
});
