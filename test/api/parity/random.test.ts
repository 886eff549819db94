import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WireGuardGateway, WireGuardPeer } from '../../../src/api/v1alpha1/index.ts';
import type { Kind } from '../../../src/api/kind.ts';
import type { Sample } from './case.ts';
import { startServer, whole, type TestServer } from './server.ts';

const KEY = 'HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw=';

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

const gateway = (spec: object): Sample => ({
  metadata: { name: 'edge' },
  spec: { pools: [{ cidr: '10.90.0.0/16' }], ...spec },
});
const peer = (spec: object): Sample => ({
  metadata: { name: 'laptop' },
  spec: { gatewayRef: { name: 'edge' }, publicKey: KEY, ...spec },
});

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
  { what: 'keys', kind: WireGuardPeer, samples: key.map((publicKey) => peer({ publicKey })) },
];

test.each(TABLE)('zod and the API server blame the same fields of random $what', async ({ kind, samples }) => {
  for (const sample of fc.sample(samples, 400)) {
    const byZod = new Set(kind.check(whole(kind, sample)).map(({ path }) => path));
    const byServer = new Set((await running.server.judgeCreation(kind, sample)).map(({ field }) => field));
    expect({ sample, fields: byServer }).toEqual({ sample, fields: byZod });
  }
});
