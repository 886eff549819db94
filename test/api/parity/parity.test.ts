import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Case, CaseTable } from './case.ts';
import { gatewayNetworkCases } from './gateway-networks.cases.ts';
import { gatewayCases } from './gateway.cases.ts';
import { blockCases, configCases, reportCases } from './internal.cases.ts';
import { peerNetworkCases } from './peer-networks.cases.ts';
import { peerCases } from './peer.cases.ts';
import { gatewayStatusCases, peerStatusCases } from './status.cases.ts';
import { startServer, whole, type Cause, type TestServer } from './server.ts';

const TABLES: readonly CaseTable[] = [
  gatewayCases,
  gatewayNetworkCases,
  gatewayStatusCases,
  peerCases,
  peerNetworkCases,
  peerStatusCases,
  blockCases,
  configCases,
  reportCases,
];

let running: TestServer;
beforeAll(async () => {
  running = await startServer();
}, 120_000);
afterAll(() => running?.[Symbol.asyncDispose]());

describe.each(TABLES)('zod and the API server agree on $kind.kind, $about', ({ kind, cases }) => {
  const verdictOfZod = ({ object, old }: Case): readonly Cause[] =>
    kind
      .check(whole(kind, object), old === undefined ? undefined : whole(kind, old))
      .map(({ path, message }) => ({ field: path, message }));
  const verdictOfServer = (sample: Case) => running.server.judge(kind, sample);

  test.each(cases.filter(({ bad }) => bad === undefined))('both take $name', async (sample) => {
    expect(verdictOfZod(sample)).toEqual([]);
    expect(await verdictOfServer(sample)).toEqual([]);
  });

  test.each(cases.filter(({ bad }) => bad !== undefined))(
    'both refuse $name, with value and remedy',
    async (sample) => {
      for (const found of [verdictOfZod(sample), await verdictOfServer(sample)]) {
        expect(found.map(({ field }) => field)).toContain(sample.bad?.field);
        const blamed = found.filter(({ field }) => field === sample.bad?.field);
        const text = blamed.map(({ message }) => message.toLowerCase()).join('\n');
        for (const words of sample.bad?.says ?? []) expect(text).toContain(words.toLowerCase());
      }
    },
  );
});
