import { beforeEach, describe, expect, it } from 'vitest';
import { FakeDataplane } from '../../dataplane/fake.ts';
import { settle } from '../../kube/fake.ts';
import type { CurrentPeer, Prefix } from '../../mesh/model.ts';
import { fakeClock } from '../../runtime/fake.ts';
import type { FakeClock } from '../../runtime/fake.ts';
import { A, EDGE } from './gateway.testing.ts';
import { Endpoints } from './endpoints.ts';
import { Names } from './names.ts';

const { signal } = new AbortController();
const LITERAL = { host: '203.0.113.7', port: 51_820 };
const NAMED = { host: 'branch7.example.net', port: 51_820 };
const bounds = { pools: ['10.90.0.0/24'] as Prefix[], routes: ['192.168.7.0/24'] as Prefix[] };

let clock: FakeClock;
let dataplane: FakeDataplane;
let endpoints: Endpoints;
/** How far the clock of the wall was moved. */
let steppedMs: number;

beforeEach(() => {
  clock = fakeClock();
  steppedMs = 0;
  dataplane = new FakeDataplane();
  endpoints = restarted();
});

function restarted(): Endpoints {
  const names = new Names({ dataplane, clock, onAnswer: () => undefined });
  const stepping = { now: () => clock.now() + steppedMs, monotonic: () => clock.monotonic() };
  return new Endpoints({ device: EDGE, names, clock: stepping });
}

/** The peer on the device; its last handshake is `age` seconds ago. */
function there(endpoint?: string, age?: number): CurrentPeer {
  const counters = { persistentKeepaliveSeconds: 0, rxBytes: 0, txBytes: 0 };
  return {
    publicKey: A,
    allowedIPs: [],
    ...counters,
    ...(endpoint !== undefined && { endpoint }),
    ...(age !== undefined && { lastHandshakeMs: clock.now() - age * 1_000 }),
  };
}

const choose = (endpoint: typeof LITERAL, current?: CurrentPeer) =>
  endpoints.choose({ uid: 'a', endpoint, current, bounds }, signal);

/** The same, and again when the name was looked up. */
async function looked(endpoint: typeof LITERAL, current?: CurrentPeer) {
  const first = choose(endpoint, current);
  await settle();
  return [first, choose(endpoint, current)];
}

const ROAMED = '198.51.100.4:40123';

describe('the endpoint of a peer that is an address', () => {
  it.each([
    ['is about to be added', undefined],
    ['has no endpoint', there0()],
  ])('is written when the peer %s', (_, current) => {
    expect(choose(LITERAL, current)).toEqual({ endpoint: '203.0.113.7:51820' });
    expect(choose({ host: '2001:db8::7', port: 1 }, current)).toEqual({ endpoint: '[2001:db8::7]:1' });
  });

  it('is not written over one from which the peer answers, by a process that has just begun', () => {
    expect(choose(LITERAL, there(ROAMED, 100))).toEqual({});
  });

  it('is written when the spec changes, once', () => {
    choose({ ...LITERAL, port: 1 }, there(ROAMED, 10));
    expect(choose(LITERAL, there(ROAMED, 10))).toEqual({ endpoint: '203.0.113.7:51820' });
    expect(choose(LITERAL, there(ROAMED, 10))).toEqual({ endpoint: '203.0.113.7:51820' });
    endpoints.settled('a');
    expect(choose(LITERAL, there(ROAMED, 10))).toEqual({});
  });

  it('is written over one from which no handshake came for 135 s, every 30 s', () => {
    expect(choose(LITERAL, there(ROAMED, 135))).toEqual({});
    expect(choose(LITERAL, there(ROAMED, 136))).toEqual({ endpoint: '203.0.113.7:51820' });
    endpoints.settled('a');
    expect(choose(LITERAL, there(ROAMED))).toEqual({});
    clock.advance(30_000);
    expect(choose(LITERAL, there(ROAMED))).toEqual({ endpoint: '203.0.113.7:51820' });
  });

  it('is not written over one from which the peer answers while the clock steps', () => {
    const current = there(ROAMED, 10);
    expect(choose(LITERAL, current)).toEqual({});
    steppedMs = 3_600_000;
    expect(choose(LITERAL, current)).toEqual({});
    steppedMs = -3_600_000;
    clock.advance(125_000);
    expect(choose(LITERAL, current)).toEqual({});
    clock.advance(1);
    expect(choose(LITERAL, current)).toEqual({ endpoint: '203.0.113.7:51820' });
  });

  it('is not written where the device has it', () => {
    expect(choose(LITERAL, there('203.0.113.7:51820'))).toEqual({});
  });

  it.each(['127.0.0.1', '10.90.0.5', '192.168.7.9'])('is a problem when it is %s, whatever the device has', (host) => {
    for (const current of [undefined, there(ROAMED, 1)]) {
      const { endpoint, problem } = choose({ host, port: 51_820 }, current);
      expect([endpoint, problem?.code]).toEqual([undefined, 'EndpointNotAllowed']);
    }
  });
});

describe('the endpoint of a peer that is a name', () => {
  beforeEach(() => {
    dataplane.names.set(NAMED.host, ['203.0.113.7', '2001:db8::7']);
  });

  it('is looked up in the background and then written', async () => {
    expect(await looked(NAMED)).toEqual([{}, { endpoint: '203.0.113.7:51820' }]);
  });

  it('is not looked up for a peer that answers', async () => {
    let asked = 0;
    dataplane.resolve = async () => {
      asked += 1;
      return [];
    };
    expect(await looked(NAMED, there(ROAMED, 10))).toEqual([{}, {}]);
    expect(asked).toBe(0);
  });

  it('is written anew when the peer answers no more and the name has another address', async () => {
    const before = there('203.0.113.1:51820', 200);
    expect(await looked(NAMED, before)).toEqual([{}, { endpoint: '203.0.113.7:51820' }]);
  });

  it('stays with any address that the name still has', async () => {
    expect(await looked(NAMED, there('[2001:db8::7]:51820', 200))).toEqual([{}, {}]);
  });

  it('is looked up every 30 s at most, and what is older is not written', async () => {
    const silent = there(ROAMED, 200);
    await looked(NAMED, silent);
    endpoints.settled('a');
    dataplane.names.set(NAMED.host, ['203.0.113.8']);
    clock.advance(29_000);
    const written = { ...silent, endpoint: '203.0.113.7:51820' };
    expect(await looked(NAMED, written)).toEqual([{}, {}]);
    clock.advance(1_000);
    expect(await looked(NAMED, written)).toEqual([{}, { endpoint: '203.0.113.8:51820' }]);
  });

  it('is a problem when it leads only where no remote machine is', async () => {
    dataplane.names.set(NAMED.host, ['127.0.0.1', '10.90.0.5']);
    const [, { endpoint, problem } = {}] = await looked(NAMED);
    expect([endpoint, problem?.code]).toEqual([undefined, 'EndpointNotAllowed']);
    expect(problem?.message).toContain('127.0.0.1');
    dataplane.names.set(NAMED.host, ['127.0.0.1', '203.0.113.9']);
    clock.advance(30_000);
    expect((await looked(NAMED))[1]).toEqual({ endpoint: '203.0.113.9:51820' });
  });

  it('is a problem while it has no address, until it has one, but not for a peer with an endpoint', async () => {
    dataplane.names.clear();
    const [, { problem } = {}] = await looked(NAMED);
    expect(problem).toMatchObject({ code: 'DeviceFailed', message: expect.stringContaining(NAMED.host) });
    expect(choose(NAMED, there(ROAMED, 200))).toEqual({});
    dataplane.names.set(NAMED.host, ['203.0.113.7']);
    clock.advance(30_000);
    expect(await looked(NAMED)).toEqual([{ problem }, { endpoint: '203.0.113.7:51820' }]);
  });

  it('is a first sight again for a peer that was forgotten', async () => {
    await looked(NAMED, there(ROAMED, 10));
    endpoints.retain(new Set());
    expect(choose(LITERAL, there(ROAMED, 10))).toEqual({});
  });
});

/** At the time of `it.each` there is no clock yet. */
function there0(): CurrentPeer {
  return { publicKey: A, allowedIPs: [], persistentKeepaliveSeconds: 0, rxBytes: 0, txBytes: 0 };
}
