import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Prefix } from '../../src/mesh/model.ts';
import type { LabNode } from '../../tools/lab/node.ts';
import { startPing, type RunningPing } from '../../tools/lab/ping.ts';
import { waitFor } from '../support/wait.ts';
import {
  askOnce,
  connectTcp,
  elementsOf,
  listenTcp,
  loadNft,
  notedSources,
  noteSources,
  startEcho,
} from './firewall-flows.ts';
import { sh } from './reachability-machines.ts';
import { startReachabilityWorld } from './reachability-world.ts';
import type { Change, ReachabilityWorld } from './reachability-world.ts';

const CLOSED = 9100;
const LATE = 9101;
const TCP = 9102;

let world: ReachabilityWorld;

beforeAll(async () => {
  world = await startReachabilityWorld('conn');
  const { node, app, laptop } = world.machines;
  for (const machine of [node, app, laptop]) await listenTcp(machine, TCP);
});

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await world.load();
});

describe.each([
  { family: 'IPv4', app: '10.20.0.10', laptop: '10.90.0.7', depot: '10.90.0.9', desk: '192.168.7.10' },
  { family: 'IPv6', app: 'fd00:20::10', laptop: 'fd00:90::7', depot: 'fd00:90::9', desk: 'fd07::10' },
])('over $family', ({ app, laptop, depot, desk }) => {
  test('errors about what may be asked get back, those about the rest do not', async () => {
    const { machines } = world;
    const port = CLOSED;
    expect(await askOnce(machines.laptop, { address: app, port })).toBe('ECONNREFUSED');
    expect(await askOnce(machines.app, { address: laptop, port })).toBe('ECONNREFUSED');
    expect(await askOnce(machines.laptop, { address: desk, port })).toBe('ECONNREFUSED');
    expect(await askOnce(machines.node, { address: laptop, port })).toBe('ECONNREFUSED');
    expect(await askOnce(machines.laptop, { address: depot, port })).toBe('silence');
    expect(await askOnce(machines.desk, { address: laptop, port })).toBe('silence');
  });

  test.each<Withdrawal>([
    { what: 'the route of the gateway, from a peer', from: 'laptop', to: app, after: { routes: [] } },
    { what: 'the route of the gateway, to a peer', from: 'app', to: laptop, after: { routes: [] } },
    { what: 'the route of a peer', from: 'laptop', to: desk, after: { peerRoutes: [] } },
    { what: 'peerTraffic: Open', from: 'laptop', to: depot, before: { peerTraffic: 'Open' }, after: {} },
  ])('what flows stops with $what, and goes on when it is given again', async ({ from, to, before = {}, after }) => {
    await world.load({ edge: before });
    const ping = await startPing(world.machines[from], to);
    await increases(ping, 10);
    await world.load({ edge: after });
    expect(await answersStillComing(ping)).toBe(0);
    await world.load({ edge: before });
    await increases(ping, 10);
    await ping.stop();
  });

  test('an answer that comes late does not get back over what was withdrawn', async () => {
    const { node, app: machine, laptop: asking } = world.machines;
    await startEcho(machine, { address: app, port: LATE }, 1_000);
    for (const counting of [node, asking]) await count(counting);
    expect(await askOnce(asking, { address: app, port: LATE })).toBe('answered');
    const [atNode, atAsking] = [() => counted(node), () => counted(asking)];
    await reach(atAsking, 10);
    await world.load({ edge: { routes: [] } });
    await reach(atNode, (await atNode()) + 5);
    const last = await atAsking();
    await reach(atNode, (await atNode()) + 30);
    expect(await atAsking()).toBe(last);
    await world.load();
    await reach(atAsking, last + 10);
  });
});

test('errors of routers that are in no route get back: a path without them is one on which large packets vanish', async () => {
  const { node, app, laptop } = world.machines;
  const [four, six] = ['10.30.0.0/24', 'fd00:30::/64'] as Prefix[] as [Prefix, Prefix];
  await sh(node, `ip route add ${four} via 10.20.0.10; ip route add ${six} via fd00:20::10`);
  await sh(app, `ip route add prohibit ${four}; ip route add prohibit ${six}`);
  await sh(app, 'cd /proc/sys/net; echo 1 > ipv4/ip_forward; echo 1 > ipv6/conf/all/forwarding');
  await world.load({ edge: { routes: [four, six] } });
  expect(await askOnce(laptop, { address: '10.30.0.5', port: CLOSED })).toBe('EHOSTUNREACH');
  expect(await askOnce(laptop, { address: 'fd00:30::5', port: CLOSED })).toBe('EACCES');
});

test('the node takes no connection through a tunnel, and makes its own', async () => {
  const { node, app, laptop } = world.machines;
  for (const address of ['10.90.0.1', 'fd00:90::1', '10.20.0.1', 'fd00:20::1', '10.91.0.1'])
    expect(await connectTcp(laptop, { address, port: TCP })).toBe('silence');
  for (const address of ['10.20.0.1', 'fd00:20::1']) expect(await connectTcp(app, { address, port: TCP })).toBe('open');
  for (const address of ['10.90.0.7', 'fd00:90::7']) {
    expect(await connectTcp(node, { address, port: TCP })).toBe('open');
    expect(await connectTcp(app, { address, port: TCP })).toBe('open');
  }
});

test.each([
  ['Enabled', ['10.20.0.1', 'fd00:20::1']],
  ['Disabled', ['10.90.0.7', 'fd00:90::7']],
] as const)('masquerade: %s says with which address a peer is seen, outside only', async (masquerade, seen) => {
  const { app, desk, laptop } = world.machines;
  await world.load({ edge: { masquerade } });
  for (const machine of [app, desk]) await noteSources(machine);
  for (const address of ['10.20.0.10', 'fd00:20::10', '192.168.7.10', 'fd07::10'])
    expect(await sh(laptop, `ping -n -c 1 -W 2 ${address}`)).toContain('1 received');
  expect(await notedSources(app)).toEqual(seen);
  expect(await notedSources(desk)).toEqual(['10.90.0.7', 'fd00:90::7']);
});

test.each([
  // less than what the client's own device (1420) would take, and more
  [1300, ['1240', '1260']],
  [1500, ['1360', '1380']],
])(
  'segments are made to fit a device with an MTU of %i, in both directions, and never made larger',
  async (mtu, sizes) => {
    const { app, laptop } = world.machines;
    await world.load({ edge: { mtu } });
    for (const machine of [app, laptop]) await loadNft(machine, SEGMENTS);
    for (const address of ['10.20.0.10', 'fd00:20::10']) await connectTcp(laptop, { address, port: TCP });
    expect(await elementsOf(app, 'inet segments come')).toEqual(sizes);
    // the machine in the route has links of 1500: what it says of itself is only limited by the tunnel
    expect(await elementsOf(laptop, 'inet segments come')).toEqual([String(mtu - 60), String(mtu - 40)]);
  },
);

test('tables of others stay as they are, counters and handles included, whatever happens to ours', async () => {
  const { node } = world.machines;
  await loadNft(node, FOREIGN);
  const foreign = () =>
    sh(node, 'for family in ip inet; do nft -a list table $family foreign; done; nft -a list table ip peerwright');
  const before = await foreign();
  expect(before).toContain('packets 5 bytes 500');
  for (const mtu of [1290, 1291, 1292]) await world.load({ edge: { mtu } });
  world.restart();
  await world.load({ edge: { mtu: 1293 } });
  await sh(node, 'nft add rule inet peerwright forward accept');
  await world.load({ edge: { mtu: 1293 } });
  await sh(node, 'nft delete table inet peerwright');
  await world.load();
  expect(await foreign()).toBe(before);
});

interface Withdrawal {
  readonly what: string;
  readonly from: 'laptop' | 'app';
  readonly to: string;
  readonly before?: Change['edge'];
  readonly after: Change['edge'] & object;
}

/** More answers than there are now. */
async function increases(ping: RunningPing, by: number): Promise<void> {
  const { received } = ping.soFar();
  await waitFor(() => ping.soFar().received >= received + by, { what: `${by} more answers` });
}

/** How many answers come to 30 requests, but for one that was on its way. */
async function answersStillComing(ping: RunningPing): Promise<number> {
  const send = async (count: number) => {
    const { sent } = ping.soFar();
    await waitFor(() => ping.soFar().sent >= sent + count, { what: `${count} more requests` });
  };
  await send(5);
  const { received } = ping.soFar();
  await send(30);
  return ping.soFar().received - received;
}

async function reach(look: () => Promise<number>, wanted: number): Promise<void> {
  await waitFor(async () => (await look()) >= wanted, { what: `a count of ${wanted}` });
}

/** Late answers that come to a machine, counted from now on. */
async function count(machine: LabNode): Promise<void> {
  await loadNft(
    machine,
    `table inet late
delete table inet late
table inet late {
  counter answers { }
  chain prerouting {
    type filter hook prerouting priority raw; policy accept;
    udp sport ${LATE} counter name answers
  }
}
`,
  );
}

async function counted(machine: LabNode): Promise<number> {
  return Number(/packets (\d+)/.exec(await sh(machine, 'nft list counter inet late answers'))?.[1]);
}

const SEGMENTS = `table inet segments
delete table inet segments
table inet segments {
  set come { typeof tcp option maxseg size; size 16; flags dynamic; }
  chain prerouting {
    type filter hook prerouting priority raw; policy accept;
    iifname != "lo" tcp flags & syn == syn update @come { tcp option maxseg size }
  }
}
`;

const FOREIGN = ['ip foreign', 'inet foreign', 'ip peerwright']
  .map(
    (table) => `table ${table} {
  counter kept { packets 5 bytes 500 }
  set addresses { type ipv4_addr; elements = { 192.0.2.1, 192.0.2.2 } }
  chain forward {
    type filter hook forward priority 10; policy accept;
    ip saddr @addresses counter packets 7 bytes 700 accept
  }
}
`,
  )
  .join('');
