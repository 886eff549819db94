import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { document, tables } from './render.ts';
import { at, gateway, NOT_READY, peer } from './view.testing.ts';

const NOW = Date.parse(at(100));
const text = (lines: ReturnType<typeof tables>) => lines.map((line) => line.map((span) => span.text).join(''));
const MESH = {
  gateways: [
    gateway('edge', {
      endpoint: 'vpn.example.com:51840',
      nodeName: 'a',
      peers: { total: 2, programmed: 2, connected: 1 },
    }),
  ],
  peers: [
    peer('laptop', {
      addresses: ['10.90.0.7', 'fd00::7'],
      connection: {
        state: 'Connected',
        lastHandshakeTime: at(60),
        observedTime: at(95),
        endpoint: '192.0.2.1:4',
        receivedBytes: 2048,
        source: 'Report',
      },
    }),
    peer('lost', { ready: NOT_READY }),
  ],
};
const OPTIONS = { wide: false, allNamespaces: false, nowMs: NOW, width: undefined };

test('tables tell of gateways, then of peers, with how old each fact is', () => {
  expect(text(tables(MESH, OPTIONS))).toEqual([
    'GATEWAY   READY   ENDPOINT                NODE   PEERS   CONNECTED   REASON       AGE',
    'edge      True    vpn.example.com:51840   a      2       1           Programmed   100s',
    '',
    'PEER     GATEWAY   READY   CONNECTION   HANDSHAKE   OBSERVED   ENDPOINT      RECEIVED   SENT   ADDRESS     REASON',
    'laptop   edge      True    Connected    40s         5s         192.0.2.1:4   2.0KiB     -      10.90.0.7   Programmed',
    'lost     edge      False   Never        -           -          -             -          -      -           PeerRefused',
  ]);
});

test('wide tables have every address and the messages; a narrow screen keeps what matters most', () => {
  const wide = text(tables(MESH, { ...OPTIONS, wide: true, allNamespaces: true }));
  expect(wide.join('\n')).toMatch(/^NAMESPACE .* MESSAGE$[^]*10\.90\.0\.7,fd00::7[^]* No\.$/m);
  const narrow = text(tables(MESH, { ...OPTIONS, width: 50 }));
  expect(narrow.at(-2)).toBe('laptop   True    Connected    40s         5s');
  expect(Math.max(...narrow.map((line) => line.length))).toBeLessThanOrEqual(50);
});

test('where there is nothing, there is no table', () => {
  expect(tables({ gateways: [], peers: [] }, OPTIONS)).toEqual([]);
  expect(text(tables({ gateways: [], peers: MESH.peers }, OPTIONS))[0]).toMatch(/^PEER /);
});

test('documents for machines have the same value; in a stream, JSON is one line', async () => {
  const hostile = {
    ...MESH,
    peers: [peer('x', { ready: { ...NOT_READY, message: '\u001B[2J\u009B\nyes: no # \u{E0001}' } })],
  };
  const now = at(0);
  const json = await document(hostile, { form: 'json', now, inStream: true });
  const yaml = await document(hostile, { form: 'yaml', now, inStream: true });
  expect(json.indexOf('\n')).toBe(json.length - 1);
  expect(yaml.startsWith('---\n')).toBe(true);
  expect(parse(yaml)).toEqual(JSON.parse(json));
  expect(JSON.parse(json).peers[0].ready.message).toBe(hostile.peers[0]?.ready.message);
  expect(`${json}${yaml}`).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
});
