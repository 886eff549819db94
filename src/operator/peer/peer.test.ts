import { describe, expect, it, test } from 'vitest';
import { peerFacts, type PeerFacts } from '../../mesh/digest.ts';
import type { Address, Prefix, PublicKey } from '../../mesh/model.ts';
import type { PeerDecision } from '../../mesh/peer-status.ts';
import { digest } from '../../runtime/digest.ts';
import {
  CONNECTED,
  entry,
  gatewayView,
  KEY_A,
  KEY_B,
  operatorWorld,
  peerView,
  PLACED,
  reportView,
  THEN,
} from '../operator.testing.ts';
import { peerAcknowledgement } from './acknowledgement.ts';
import { connectionOf } from './connection.ts';

const LATER = '2026-01-01T00:05:00Z';

describe('what the agent says about a peer', () => {
  const gateway = gatewayView(PLACED);
  const decision: PeerDecision = {
    addresses: ['10.90.1.7' as Address],
    publicKey: KEY_A as PublicKey,
    routes: ['192.168.7.0/24' as Prefix],
    presharedKey: 'Derived',
  };
  const facts: PeerFacts = {
    gatewayUID: gateway.uid,
    gatewayPublicKey: KEY_B,
    publicKey: KEY_A,
    allowedIPs: ['10.90.1.7/32', '192.168.7.0/24'],
    routes: ['192.168.7.0/24'],
    presharedKey: 'Derived',
    persistentKeepaliveSeconds: 25,
  };
  const reportedOf = (rest: Partial<PeerFacts>) => ({ ...noDigest, digest: digest(peerFacts({ ...facts, ...rest })) });
  const right = digest(peerFacts(facts));
  const problem = { code: 'PeerRefused', message: 'm' };
  const noDigest = { uid: 'uid-p', generation: 2 };

  function ask(state: 'Enabled' | 'Disabled', reported?: object) {
    const { reports } = operatorWorld();
    if (reported) reports.apply(reportView('n1', 1, { peers: [reported as typeof noDigest] }));
    const view = peerView('p', { generation: 2 });
    const spec = { gatewayRef: { name: 'edge' }, publicKey: KEY_A, persistentKeepaliveSeconds: 25, state };
    const peer = { ...view, spec } as typeof view;
    return peerAcknowledgement({ peer, gateway, decision }, reports).kind;
  }

  test.each([
    ['Programmed', 'Enabled', { ...noDigest, digest: right }],
    ['Pending', 'Enabled', { ...noDigest, digest: right, generation: 1 }],
    ['Pending', 'Enabled', { ...noDigest, digest: right, generation: 3 }],
    ['Pending', 'Enabled', { ...noDigest, digest: 'other' }],
    ['Pending', 'Enabled', undefined],
    ['Gone', 'Enabled', noDigest],
    ['Refused', 'Enabled', { ...noDigest, problem }],
    ['Gone', 'Disabled', noDigest],
    ['Pending', 'Disabled', { ...noDigest, digest: right }],
    ['Pending', 'Disabled', { ...noDigest, generation: 1 }],
    ['Pending', 'Disabled', undefined],
  ] as const)('is %s when it is %s and reported %j', (kind, state, reported) => {
    expect(ask(state, reported)).toBe(kind);
  });

  it.each<[string, Partial<PeerFacts>]>([
    ['without its preshared key', { presharedKey: 'None' }],
    ['with another preshared key', { presharedKey: 'Other' }],
    ['without its keepalive', { persistentKeepaliveSeconds: 0 }],
    ['without the route of the node', { routes: [] }],
    ['without the route in WireGuard', { allowedIPs: ['10.90.1.7/32'] }],
  ])('is pending when the device has the peer %s', (_, rest) => {
    expect([ask('Enabled', reportedOf({})), ask('Enabled', reportedOf(rest))]).toEqual(['Programmed', 'Pending']);
  });

  it('is gone without a gateway only when nobody reports it', () => {
    const { reports } = operatorWorld();
    const question = { peer: peerView('p'), gateway: undefined, decision };
    expect(peerAcknowledgement(question, reports).kind).toBe('Gone');
    reports.apply(reportView('n1', 1, { peers: [entry('uid-p')] }));
    expect(peerAcknowledgement(question, reports).kind).toBe('Pending');
  });
});

describe('the connection in a status', () => {
  const unknown = { ...CONNECTED, state: 'Unknown' as const, sinceTime: LATER };
  const reported = (state: 'Connected' | 'Idle' | 'Never' | 'Disconnected', rest: object = {}) => ({
    nodeName: 'n1',
    observedTime: LATER,
    entry: entry('p', { connection: { state, sinceTime: LATER }, ...rest }),
  });
  const of = (sources: Partial<Parameters<typeof connectionOf>[0]>) =>
    connectionOf({ previous: undefined, report: undefined, agent: 'Alive', now: LATER, ...sources });

  it('is the first that an agent reports of a peer on its device', () => {
    expect(of({ report: reported('Never') })).toEqual({
      state: 'Never',
      sinceTime: LATER,
      observedTime: LATER,
      nodeName: 'n1',
    });
    expect(
      of({ report: { ...reported('Never'), entry: { uid: 'p', generation: 1, connection: { state: 'Never' } } } }),
    ).toBeUndefined();
    expect(of({})).toBeUndefined();
  });

  it.each(['Connected', 'Idle'] as const)(
    'is not written again while it stays %s, whatever comes and goes',
    (state) => {
      const connection = { state, sinceTime: LATER, receivedBytes: 7, sentBytes: 0 };
      expect(of({ previous: CONNECTED, report: reported(state) })).toBe(CONNECTED);
      expect(of({ previous: CONNECTED, report: reported(state, { connection }) })).toBe(CONNECTED);
    },
  );

  it('has the bytes that were reported with its last transition', () => {
    const connection = { state: 'Connected' as const, receivedBytes: 7, sentBytes: 0 };
    expect(of({ report: reported('Connected', { connection }) })).toMatchObject({ receivedBytes: 7, sentBytes: 0 });
  });

  it('changes with the state and with the node', () => {
    expect(of({ previous: CONNECTED, report: reported('Disconnected') })?.state).toBe('Disconnected');
    expect(of({ previous: CONNECTED, report: { ...reported('Connected'), nodeName: 'n2' } })?.nodeName).toBe('n2');
    expect(of({ previous: CONNECTED })).toBe(CONNECTED);
  });

  it('ends when the peer is reported off its device, once, and begins with nothing else', () => {
    const off = { ...reported('Connected'), entry: { uid: 'p', generation: 1 } };
    const ended = { ...CONNECTED, state: 'Disconnected' as const, sinceTime: LATER };
    expect(of({ previous: CONNECTED, report: off })).toEqual(ended);
    expect(of({ previous: ended, report: off, now: THEN })).toBe(ended);
    expect(of({ report: off })).toBeUndefined();
  });

  it('is Unknown since now when the agent lapsed, whatever was known, and only once', () => {
    expect(of({ previous: CONNECTED, agent: 'Lapsed', report: reported('Connected') })).toEqual(unknown);
    expect(of({ previous: unknown, agent: 'Lapsed', now: THEN })).toBe(unknown);
    expect(of({ agent: 'Lapsed' })).toEqual({ state: 'Unknown', sinceTime: LATER });
  });

  it('stays Unknown after a start of the operator until the agent is seen alive', () => {
    expect(of({ previous: unknown, agent: 'Unseen', report: reported('Connected') })).toBe(unknown);
    expect(of({ previous: unknown, agent: 'Alive', report: reported('Connected') })?.state).toBe('Connected');
    expect(of({ previous: CONNECTED, agent: 'Unseen', report: reported('Disconnected') })?.state).toBe('Disconnected');
  });
});
