import { describe, expect, it } from 'vitest';
import type { Address } from '../../mesh/model.ts';
import { entry, gatewayView, operatorWorld, peerView, PLACED, reportView } from '../operator.testing.ts';
import { allocation } from './addresses.testing.ts';
import { mayBeFreed, remainingMs, returnPolicy } from './quarantine.ts';

const TEN_MINUTES = 600_000;
const RELEASED = '2026-01-01T00:00:00.000Z';
const held = { address: '10.90.1.7' as Address, holder: allocation(7, 'p', RELEASED) };
const programmed = (status: 'True' | 'False', addresses: string[]) => {
  const observed = { observedGeneration: 1, lastTransitionTime: RELEASED, reason: 'Programmed', message: '' };
  return { addresses, conditions: [{ type: 'Programmed', status, ...observed }] };
};

type Report = 'still there' | 'gone' | 'incomplete' | 'none';

function world(report: Report, { aliveAgent = true, ageMs = 0 } = {}) {
  const { caches, reports, liveness, clock } = operatorWorld();
  caches.gateways.apply(gatewayView(PLACED));
  if (report !== 'none') reports.apply(reportView('n1', 0, { shardCount: report === 'incomplete' ? 2 : 1 }));
  if (report !== 'none')
    reports.apply(reportView('n1', 1, { peers: report === 'still there' ? [entry('uid-p')] : [] }));
  clock.advance(ageMs);
  if (aliveAgent) liveness.observe('n1', 'again');
  return { caches, reports, liveness, clock, quarantineMs: TEN_MINUTES };
}

describe('the address of a peer that is gone', () => {
  it.each([
    ['gone', TEN_MINUTES, true, true],
    ['gone', TEN_MINUTES - 1, true, false],
    ['still there', TEN_MINUTES, true, false],
    ['incomplete', TEN_MINUTES, true, false],
    ['none', TEN_MINUTES, true, false],
    ['still there', TEN_MINUTES, false, true],
    ['none', TEN_MINUTES, false, true],
    ['none', TEN_MINUTES - 1, false, false],
  ] as const)('reported %s after %i ms by an agent alive=%s: free=%s', (...row) => {
    const [report, ageMs, aliveAgent, free] = row;
    expect(mayBeFreed(held, world(report, { aliveAgent, ageMs }))).toBe(free);
  });

  it.each([
    ['gone', 0, 'Return'],
    ['still there', 0, 'Wait'],
    ['incomplete', 29_999, 'Wait'],
    ['still there', 30_000, 'Skip'],
  ] as const)('reported %s after %i ms: the re-created peer gets %s', (report, ageMs, policy) => {
    expect(returnPolicy(held, world(report, { ageMs }))).toBe(policy);
  });

  it('is free without agents when its gateway is gone too', () => {
    const deps = world('gone', { ageMs: TEN_MINUTES });
    deps.caches.gateways.remove({ ...gatewayView(), resourceVersion: '9' });
    expect(mayBeFreed(held, deps)).toBe(true);
  });

  it('has that much of its quarantine left', () => {
    expect(remainingMs(held.holder, world('gone', { ageMs: 1_000 }))).toBe(TEN_MINUTES - 1_000);
  });
});

describe('the address that a living peer has left', () => {
  it.each([
    ['True', ['10.90.1.8'], true, 'Return'],
    ['True', ['10.90.1.7'], false, 'Skip'],
    ['False', ['10.90.1.8'], false, 'Skip'],
  ] as const)('is free when the agent acknowledged others: Programmed %s with %s', (...row) => {
    const [status, addresses, free, policy] = row;
    const deps = world('gone', { ageMs: 0 });
    deps.caches.peers.apply(peerView('p', { status: programmed(status, [...addresses]) }));
    expect([mayBeFreed(held, deps), returnPolicy(held, deps)]).toEqual([free, policy]);
  });

  it('is free when the peer is disabled and the agent reported it gone', () => {
    const deps = world('gone');
    const { addresses, conditions } = programmed('False', ['10.90.1.8']);
    const disabled = conditions.map((condition) => ({ ...condition, reason: 'Disabled' }));
    deps.caches.peers.apply(peerView('p', { status: { addresses, conditions: disabled } }));
    expect(mayBeFreed(held, deps)).toBe(true);
  });
});
