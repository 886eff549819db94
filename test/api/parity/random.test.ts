import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WireGuardGateway, WireGuardPeer } from '../../../src/api/v1alpha1/index.ts';
import type { Kind } from '../../../src/api/kind.ts';
import type { Sample } from './case.ts';
import { gateway, peer } from './samples.ts';
import { startServer, whole, type TestServer } from './server.ts';

const octets = fc.array(fc.integer({ min: 0, max: 256 }), { minLength: 3, maxLength: 5 }).map((all) => all.join('.'));
const groups = fc.stringMatching(/^(0|[0-9a-fA-F]{0,4}|:|fd00)(:(0|[0-9a-f]{0,4})){0,8}(:10\.0\.0\.7)?$/);
const address = fc.oneof(octets, groups);
const network = fc.tuple(address, fc.integer({ min: 0, max: 130 })).map((parts) => parts.join('/'));
const pair = fc.tuple(fc.integer({ min: 8, max: 30 }), fc.nat({ max: 2 ** 24 - 1 })).map(([length, host]) => ({
  cidr: `10.0.0.0/${length}`,
  gatewayAddress: `10.${[16, 8, 0].map((n) => (host >> n) & 255).join('.')}`,
}));
const host = fc.oneof(address, fc.stringMatching(/^[A-Za-z0-9-]{1,5}([.][A-Za-z0-9_-]{0,5}){0,3}$/), fc.string());
/** Keys of which many are a character away from a good one. */
const key = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9+/]{43}=$/),
  fc.stringMatching(/^[78]?[A-Za-z0-9+/]\/{39,41}[0-9]8=$/),
);

/** Networks of all sizes in a corner of the address space, of which many contain each other. */
const canonical = fc
  .tuple(fc.integer({ min: 0, max: 12 }), fc.nat({ max: 15 }), fc.boolean())
  .map(([bits, n, isV4]) => {
    const kept = bits < 4 ? (n >> (4 - bits)) << (4 - bits) : n;
    return isV4 ? `${kept << 4}.0.0.0/${bits}` : `${kept === 0 ? '' : (kept << 12).toString(16)}::/${bits}`;
  });
const someNetworks = fc.array(fc.oneof({ weight: 4, arbitrary: canonical }, network), { maxLength: 4 });
const pools = fc.uniqueArray(fc.nat({ max: 15 }), { minLength: 1, maxLength: 3 });
const poolsAndRoutes = fc.tuple(pools, fc.array(canonical, { maxLength: 4 })).map(([all, routes]) => ({
  pools: all.map((n) => ({ cidr: `${n << 4}.0.0.0/${8 + (n % 3)}` })),
  routes: [...routes, ...all.slice(1).map((n) => `${n << 4}.0.0.0/${8 + (n % 5)}`)],
}));
const number = fc.oneof(
  fc.integer({ min: -2, max: 2 }),
  fc.integer({ min: 1278, max: 1282 }),
  fc.integer({ max: 70_000 }),
);

let running: TestServer;
beforeAll(async () => {
  running = await startServer();
}, 120_000);
afterAll(() => running?.[Symbol.asyncDispose]());

const TABLE: readonly { what: string; kind: Kind; samples: fc.Arbitrary<Sample> }[] = [
  { what: 'networks', kind: WireGuardGateway, samples: network.map((cidr) => gateway({ pools: [{ cidr }] })) },
  { what: 'gateway addresses', kind: WireGuardGateway, samples: pair.map((pool) => gateway({ pools: [pool] })) },
  {
    what: 'endpoints',
    kind: WireGuardGateway,
    samples: host.map((text) => gateway({ endpoint: { host: text, port: 1 } })),
  },
  { what: 'addresses', kind: WireGuardPeer, samples: address.map((text) => peer({ addresses: [text] })) },
  {
    what: 'networks of gateways',
    kind: WireGuardGateway,
    samples: fc.record({ routes: someNetworks, allowedPeerRoutes: someNetworks }).map((spec) => gateway(spec)),
  },
  {
    what: 'routes beside and inside pools',
    kind: WireGuardGateway,
    samples: poolsAndRoutes.map((spec) => gateway(spec)),
  },
  {
    what: 'numbers of gateways',
    kind: WireGuardGateway,
    samples: fc
      .tuple(number, number)
      .map(([mtu, persistentKeepaliveSeconds]) => gateway({ mtu, client: { persistentKeepaliveSeconds } })),
  },
  {
    what: 'DNS servers',
    kind: WireGuardGateway,
    samples: fc.array(address, { maxLength: 4 }).map((dns) => gateway({ client: { dns } })),
  },
  {
    what: 'networks of peers',
    kind: WireGuardPeer,
    samples: fc.record({ routes: someNetworks, clientRoutes: someNetworks }).map((spec) => peer(spec)),
  },
  {
    what: 'endpoints of peers',
    kind: WireGuardPeer,
    samples: fc.tuple(host, number).map(([text, port]) => peer({ endpoint: { host: text, port } })),
  },
  { what: 'keys', kind: WireGuardPeer, samples: key.map((publicKey) => peer({ publicKey })) },
];

test.each(TABLE)('zod and the API server blame the same fields of random $what', async ({ kind, samples }) => {
  for (const sample of fc.sample(samples, 400)) {
    const byZod = new Set(kind.check(whole(kind, sample)).map(({ path }) => path));
    const byServer = new Set((await running.server.judgeCreation(kind, sample)).map(({ field }) => field));
    expect({ sample, fields: byServer }).toEqual({ sample, fields: byZod });
  }
});
