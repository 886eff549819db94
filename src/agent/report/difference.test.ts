import { expect, test } from 'vitest';
import type { NodeReportSpec, ReportedPeer } from '../../api/v1alpha1/node-report.ts';
import { differenceOf } from './difference.ts';

type Connection = NonNullable<ReportedPeer['connection']>;

const before: Connection = {
  state: 'Connected',
  sinceTime: '2026-01-01T00:00:00Z',
  lastHandshakeTime: '2026-01-01T00:00:00Z',
  endpoint: '198.51.100.4:40123',
  receivedBytes: 10,
  sentBytes: 20,
};
const report = (connection?: Connection, rest: Partial<NodeReportSpec> = {}): NodeReportSpec => ({
  nodeName: 'n1',
  nodeUID: 'u1',
  observedTime: '2026-01-01T00:00:00Z',
  peers: [{ uid: 'a', generation: 1, ...(connection && { connection }) }],
  ...rest,
});

test.each([
  ['None', 'only the time', report(before, { observedTime: '2026-01-01T00:01:00Z' })],
  ['None', 'only counters of bytes', report({ ...before, receivedBytes: 11, sentBytes: 5_000_000_000 })],
  ['Refresh', 'a handshake in the same state', report({ ...before, lastHandshakeTime: '2026-01-01T00:02:00Z' })],
  ['Refresh', 'an endpoint in the same state', report({ ...before, endpoint: '198.51.100.5:1' })],
  ['Transition', 'another state', report({ ...before, state: 'Idle' })],
  ['Change', 'a connection that is gone', report()],
  ['Change', 'a problem', report(before, { problems: [{ code: 'InvalidObject', message: 'm' }] })],
] as const)('it is %s with %s', (difference, _, after) => {
  expect(differenceOf(report(before), after)).toBe(difference);
});
