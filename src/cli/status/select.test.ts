import { expect, test } from 'vitest';
import { select, type Selection, unknownNames } from './select.ts';
import { gateway, NOT_READY, peer } from './view.testing.ts';

const connection = (state: 'Connected' | 'Idle' | 'Disconnected' | 'Disabled') =>
  ({ state, source: 'Status' }) as const;
const MESH = {
  gateways: [gateway('edge'), gateway('legacy', { ready: NOT_READY })],
  peers: [
    peer('up', { connection: connection('Connected') }),
    peer('quiet', { connection: connection('Idle'), gateway: 'legacy' }),
    peer('away', { connection: connection('Disconnected'), ready: NOT_READY }),
    peer('off', { connection: connection('Disabled'), state: 'Disabled', gateway: 'nowhere' }),
  ],
};

test.each<[Partial<Selection>, string]>([
  [{}, 'edge legacy up quiet away off'],
  [{ gateway: 'edge' }, 'edge up away'],
  [{ gateway: 'nowhere' }, 'off'],
  [{ notReady: true }, 'legacy away'],
  [{ disconnected: true }, 'away'],
  [{ names: [{ name: 'legacy' }, { kind: 'peer', name: 'up' }] }, 'legacy up'],
  [{ names: [{ kind: 'gateway', name: 'edge' }] }, 'edge'],
  [{ names: [{ name: 'up' }], gateway: 'legacy' }, ''],
  [{ notReady: true, gateway: 'legacy' }, 'legacy'],
])('%j leaves %s', (selection, names) => {
  const { gateways, peers } = select(MESH, { names: [], ...selection });
  expect([...gateways, ...peers].map(({ name }) => name).join(' ')).toBe(names);
});

test('names of nothing are found out', () => {
  const names = [{ name: 'up' }, { name: 'edge' }, { name: 'upp' }, { kind: 'gateway', name: 'up' }] as const;
  expect(unknownNames(MESH, { names, gateway: 'nowhere' })).toEqual([{ name: 'upp' }, { kind: 'gateway', name: 'up' }]);
  expect(unknownNames(MESH, { names: [], gateway: 'egde' })).toEqual([{ kind: 'gateway', name: 'egde' }]);
});
