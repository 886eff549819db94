import { expect, test } from 'vitest';
import { Secret } from '../../runtime/secret.ts';
import { fingerprintOf } from '../fingerprint.ts';
import { parseDump } from './dump.ts';

const KEY = new Uint8Array(32).fill(9);
const PSK = Buffer.from(KEY).toString('base64');

test('a dump is read without its private key, and with fingerprints of preshared ones', () => {
  const text = [
    'SECRET\tPUBLIC=\t51840\toff',
    `PEER1=\t${PSK}\t198.51.100.4:40123\tfd00::2/128,10.0.0.2/32\t1700000000\t148\t92\toff`,
    'PEER2=\t(none)\t[2001:db8:0:0::7]:51820\t(none)\t0\t0\t0\t25',
    '',
  ].join('\n');
  const state = parseDump(text);
  expect(JSON.stringify([...state.peers, state.publicKey])).not.toMatch(/SECRET|CQkJ/);
  expect(state).toEqual({
    publicKey: 'PUBLIC=',
    listenPort: 51840,
    peers: new Map([
      [
        'PEER1=',
        {
          publicKey: 'PEER1=',
          allowedIPs: ['10.0.0.2/32', 'fd00::2/128'],
          presharedKey: fingerprintOf(new Secret(KEY)),
          endpoint: '198.51.100.4:40123',
          persistentKeepaliveSeconds: 0,
          lastHandshakeMs: 1_700_000_000_000,
          rxBytes: 148,
          txBytes: 92,
        },
      ],
      [
        'PEER2=',
        {
          publicKey: 'PEER2=',
          allowedIPs: [],
          endpoint: '[2001:db8::7]:51820',
          persistentKeepaliveSeconds: 25,
          rxBytes: 0,
          txBytes: 0,
        },
      ],
    ]),
  });
});

test('a device without a key has none', () => {
  expect(parseDump('(none)\t(none)\t0\toff\n')).toEqual({ listenPort: 0, peers: new Map() });
});
