import { expect, test } from 'vitest';
import { parseDump } from './dump.ts';

test('a dump is read without its private key', () => {
  const text = [
    'SECRET\tPUBLIC=\t51840\toff',
    'PEER1=\t(none)\t198.51.100.4:40123\tfd00::2/128,10.0.0.2/32\t1700000000\t148\t92\toff',
    'PEER2=\t(none)\t(none)\t(none)\t0\t0\t0\t25',
    '',
  ].join('\n');
  const state = parseDump(text);
  expect(JSON.stringify([...state.peers, state.publicKey])).not.toContain('SECRET');
  expect(state).toEqual({
    publicKey: 'PUBLIC=',
    listenPort: 51840,
    peers: new Map([
      [
        'PEER1=',
        {
          publicKey: 'PEER1=',
          allowedIPs: ['10.0.0.2/32', 'fd00::2/128'],
          endpoint: '198.51.100.4:40123',
          lastHandshakeMs: 1_700_000_000_000,
          rxBytes: 148,
          txBytes: 92,
        },
      ],
      ['PEER2=', { publicKey: 'PEER2=', allowedIPs: [], rxBytes: 0, txBytes: 0 }],
    ]),
  });
});

test('a device without a key has none', () => {
  expect(parseDump('(none)\t(none)\t0\toff\n')).toEqual({ listenPort: 0, peers: new Map() });
});
