import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contains } from '../../mesh/ip/prefix.ts';
import type { DeviceName, Prefix } from '../../mesh/model.ts';
import type { DeviceRules } from '../port.ts';
import { outermost } from './outermost.ts';
import { renderTable } from './render.ts';

describe('the sets', () => {
  test('hold each thing for its device only, without prefixes that others contain', () => {
    const edge = device({
      name: 'pw-1',
      addresses: ['10.90.0.1/32', 'fd00:90::1/128'],
      pools: ['10.90.0.0/16', 'fd00:90::/64'],
      routes: ['10.1.0.0/16', '10.0.0.0/8', '0.0.0.0/0', 'fd00::/8'],
      peerRoutes: ['192.168.7.0/24', '192.168.7.128/25', '192.168.8.0/24'],
      mtu: 1400,
    });
    const other = device({
      name: 'pw-2',
      addresses: ['10.91.0.1/32'],
      pools: ['10.91.0.0/16'],
      peerRoutes: ['192.168.0.0/22'],
      masquerade: 'Disabled',
    });
    expect(setsOf(edge, other)).toEqual({
      devices: '"pw-1", "pw-2"',
      same_device: '"pw-1" . "pw-1", "pw-2" . "pw-2"',
      masqueraded: '"pw-1"',
      never4: '100.100.100.200/32, 127.0.0.0/8, 169.254.0.0/16, 224.0.0.0/4',
      never6: '::1/128, fd00:ec2::254/128, fd20:ce::254/128, fe80::/10, ff00::/8',
      ours4: '10.90.0.0/16, 10.91.0.0/16, 192.168.0.0/22, 192.168.7.0/24, 192.168.8.0/24',
      ours6: 'fd00:90::/64',
      addresses4: '"pw-1" . 10.90.0.1, "pw-2" . 10.91.0.1',
      addresses6: '"pw-1" . fd00:90::1',
      behind4:
        '"pw-1" . 10.90.0.0/16, "pw-1" . 192.168.7.0/24, "pw-1" . 192.168.8.0/24, "pw-2" . 10.91.0.0/16, "pw-2" . 192.168.0.0/22',
      behind6: '"pw-1" . fd00:90::/64',
      inside4: '"pw-1" . 192.168.7.0/24, "pw-1" . 192.168.8.0/24, "pw-2" . 192.168.0.0/22',
      inside6: '',
      routes4: '"pw-1" . 0.0.0.0/0',
      routes6: '"pw-1" . fd00::/8',
      mss4: '"pw-1" : 1360, "pw-2" : 1380',
      mss6: '"pw-1" : 1340, "pw-2" : 1360',
    });
  });

  test('let peers call each other only when their traffic is Open', () => {
    const pools = ['10.90.0.0/16', 'fd00:90::/64'];
    expect(setsOf(device({ pools }))).toMatchObject({ inside4: '', inside6: '' });
    const open = setsOf(device({ pools, peerTraffic: 'Open' }));
    expect(open).toMatchObject({ inside4: '"pw-1" . 10.90.0.0/16', inside6: '"pw-1" . fd00:90::/64' });
  });

  test.each([0, 576, -1])('never clamp segments below what every host takes: MTU %i', (mtu) => {
    expect(setsOf(device({ mtu }))).toMatchObject({ mss4: '"pw-1" : 536', mss6: '"pw-1" : 1220' });
  });

  test('hold every address of what was given, and no element contains another', () => {
    const octet = fc.integer({ min: 0, max: 3 });
    const prefix = fc
      .tuple(octet, octet, fc.integer({ min: 0, max: 4 }))
      .map(([a, b, size]) => `10.${size > 2 ? a : 0}.${size > 3 ? b : 0}.0/${[0, 8, 8, 16, 24][size] ?? 8}` as Prefix)
      .map((text) => (text.endsWith('/0') ? ('0.0.0.0/0' as Prefix) : text));
    fc.assert(
      fc.property(fc.array(prefix), (given) => {
        const kept = outermost(given);
        expect(given.every((each) => kept.some((outer) => contains(outer, each)))).toBe(true);
        expect(kept.every((each) => given.includes(each))).toBe(true);
        expect(kept.filter((each) => kept.some((outer) => outer !== each && contains(outer, each)))).toEqual([]);
      }),
    );
  });
});

describe('the text', () => {
  test('has the same rules for any number of devices and prefixes', () => {
    const many = Array.from({ length: 200 }, (_, i) => `192.168.${i}.0/24`);
    const few = renderTable({ devices: [device()] }, 1).chains;
    expect(renderTable({ devices: [device({ peerRoutes: many }), device({ name: 'pw-2' })] }, 1).chains).toBe(few);
  });

  test('does not depend on the order of devices and prefixes', () => {
    const [a, b] = [device({ routes: ['10.1.0.0/16', '10.2.0.0/16'] }), device({ name: 'pw-2' })];
    const c = device({ routes: ['10.2.0.0/16', '10.1.0.0/16'] });
    expect(renderTable({ devices: [a, b] }, 1)).toEqual(renderTable({ devices: [b, c] }, 1));
  });

  test('names the sets of each generation differently, in rules and definitions alike', () => {
    const { sets, chains } = renderTable({ devices: [device()] }, 7);
    const used = new Set([...chains.matchAll(/@(\w+)/g)].map(([, name]) => name));
    const defined = new Set([...sets.matchAll(/(?:set|map) (\w+) \{/g)].map(([, name]) => name));
    expect(used).toEqual(defined);
    expect([...used].filter((name) => !name?.endsWith('_7'))).toEqual([]);
  });

  test.each(['a b', 'a"b', 'a\nb', 'a;b', 'a{b', 'a#b', 'a$b', 'a*', '', 'é', '10.0.0.0/8 }'])(
    'never holds %j, neither as a name nor as a prefix',
    (bad) => {
      const inAnyField = [{ name: bad }, { routes: [bad] }, { pools: [bad] }, { peerRoutes: [bad] }];
      for (const field of [...inAnyField, { addresses: [bad] }]) {
        expect(() => renderTable({ devices: [device(field)] }, 1)).toThrow('must not stand in a firewall rule');
      }
    },
  );

  test.each([
    '10.0.0.0',
    '10.0.0.0-10.1.0.0',
    '10.0.0.1/8',
    '10.0.0.0/33',
    'localhost',
    'localhost/8',
    '0/0',
    '::/0/0',
  ])('never holds %j for a network, though nft would take it or something like it', (bad) => {
    for (const field of ['routes', 'pools', 'peerRoutes', 'addresses'])
      expect(() => renderTable({ devices: [device({ [field]: [bad] })] }, 1)).toThrow(
        'must not stand in a firewall rule',
      );
  });
});

interface Overrides {
  readonly name?: string;
  readonly addresses?: readonly string[];
  readonly pools?: readonly string[];
  readonly routes?: readonly string[];
  readonly peerRoutes?: readonly string[];
  readonly masquerade?: DeviceRules['masquerade'];
  readonly peerTraffic?: DeviceRules['peerTraffic'];
  readonly mtu?: number;
}

function device(overrides: Overrides = {}): DeviceRules {
  const nothing = { addresses: [], pools: [], routes: [], peerRoutes: [] };
  const preset = { name: 'pw-1' as DeviceName, masquerade: 'Enabled', peerTraffic: 'Isolated', mtu: 1420 } as const;
  return { ...preset, ...nothing, ...overrides } as DeviceRules;
}

/** Elements by name of the set. */
function setsOf(...devices: DeviceRules[]): Record<string, string> {
  const { sets } = renderTable({ devices }, 1);
  const lines = sets.trim().split('\n');
  return Object.fromEntries(lines.map((line) => [nameOf(line), /elements = \{ (.*) \} \}$/.exec(line)?.[1] ?? '']));
}

function nameOf(line: string): string {
  return /^ *(?:set|map) (\w+)_1 \{/.exec(line)?.[1] ?? line;
}
