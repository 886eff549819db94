import { expect, test } from 'vitest';
import { renderTable, type PeerRow } from './table.ts';

const nowMs = Date.parse('2026-01-01T00:05:00Z');
const wide = { nowMs, columns: Infinity };

function row(changes: Partial<PeerRow> = {}): PeerRow {
  return {
    name: 'laptop',
    gateway: 'edge',
    ready: { status: 'True', reason: 'Programmed' },
    connected: { status: 'True', reason: 'Connected' },
    handshakeMs: nowMs - 4_000,
    endpoint: '198.18.1.13:40123',
    addresses: [{ address: '10.90.0.7', pingMs: 0.72 }],
    ...changes,
  };
}

test('a peer has one line for each of its addresses, with its ping time', () => {
  const addresses = [
    { address: '10.90.0.7', pingMs: 0.72 },
    { address: 'fd00:90::7', pingMs: 12.345 },
  ];
  expect(renderTable([row({ addresses })], wide)).toEqual([
    'PEER    GATEWAY  READY  CONNECTED  HANDSHAKE  ENDPOINT           ADDRESS     PING',
    'laptop  edge     True   True       4 s ago    198.18.1.13:40123  10.90.0.7   0.7 ms',
    '                                                                 fd00:90::7  12.3 ms',
  ]);
});

test('an unusual reason stands beside the status, and what is unknown is a dash', () => {
  const lines = renderTable(
    [
      row({
        name: 'phone',
        ready: { status: 'True', reason: 'Disabled' },
        handshakeMs: undefined,
        endpoint: undefined,
      }),
      row({ name: 'new', ready: undefined, connected: { status: 'False', reason: 'Never' }, addresses: [] }),
    ],
    wide,
  );
  expect(lines[1]).toMatch(/^phone +edge +True Disabled +True +- +- +10\.90\.0\.7 +0\.7 ms$/);
  expect(lines[2]).toMatch(/^new +edge +- +False Never +4 s ago +198\.18\.1\.13:40123 +- +-$/);
});

test('ages are seconds up to two minutes, then minutes, and never negative', () => {
  const ages = [-3_000, 119_000, 120_000, 299_000].map(
    (age) => renderTable([row({ handshakeMs: nowMs - age })], wide)[1],
  );
  expect(ages.map((line) => /\d+ \w+ ago/.exec(line ?? '')?.[0])).toEqual([
    '0 s ago',
    '119 s ago',
    '2 min ago',
    '4 min ago',
  ]);
});

test('a narrow terminal gets the table without endpoints', () => {
  const lines = renderTable([row()], { nowMs, columns: 72 });
  expect(lines.join('\n')).not.toContain('198.18.1.13');
  expect(lines[1]).toContain('10.90.0.7');
  expect(lines.every((line) => line.length < 72)).toBe(true);
});

test('without a peer it says so', () => {
  expect(renderTable([], wide)).toEqual(['There is no peer.']);
});
