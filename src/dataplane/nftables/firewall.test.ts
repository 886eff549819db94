import { expect, test } from 'vitest';
import type { DeviceName } from '../../mesh/model.ts';
import { ProgramFailed } from '../exec.ts';
import type { Run } from '../exec.ts';
import { Firewall } from './firewall.ts';

const NAME = 'pw-00000001' as DeviceName;
const OTHER = 'pw-00000002' as DeviceName;
const signal = new AbortController().signal;
const rules = (...names: DeviceName[]) => ({
  devices: names.map((name) => ({
    name,
    addresses: [],
    pools: [],
    routes: [],
    peerRoutes: [],
    masquerade: 'Enabled' as const,
    peerTraffic: 'Isolated' as const,
    mtu: 1420,
  })),
});

test('a device is guarded once the table that names it is loaded', async () => {
  const { firewall } = host();
  expect(firewall.guards(NAME)).toBe(false);
  expect(await firewall.load(rules(NAME), signal)).toEqual([]);
  expect([firewall.guards(NAME), firewall.guards(OTHER)]).toEqual([true, false]);
});

test('a table that cannot be replaced guards whom it named before', async () => {
  const { firewall, world } = host();
  await firewall.load(rules(NAME), signal);
  world.broken = /./;
  expect(await firewall.load(rules(NAME, OTHER), signal)).toMatchObject([{ code: 'FirewallUnavailable' }]);
  expect([firewall.guards(NAME), firewall.guards(OTHER)]).toEqual([true, false]);
});

test.each([[[NAME]], [[NAME, OTHER]]])(
  'a table that somebody took away and that cannot be loaded again guards nobody',
  async (names) => {
    const { firewall, world } = host();
    await firewall.load(rules(NAME), signal);
    world.table = undefined;
    world.broken = /./;
    expect(await firewall.load(rules(...names), signal)).toMatchObject([{ code: 'FirewallUnavailable' }]);
    expect(firewall.guards(NAME)).toBe(false);
  },
);

test('a table is changed without being taken away, and made anew where that is not possible', async () => {
  const { firewall, world } = host();
  await firewall.load(rules(NAME), signal);
  await firewall.load(rules(NAME, OTHER), signal);
  expect(world.table).toHaveLength(3);
  world.broken = /^flush table/;
  expect(await firewall.load(rules(OTHER), signal)).toEqual([]);
  expect(world.table).toHaveLength(1);
  expect([firewall.guards(NAME), firewall.guards(OTHER)]).toEqual([false, true]);
});

/** A host with one table: the texts that made it what it is. Writes that `broken` matches fail. */
function host() {
  const world: { table: readonly string[] | undefined; broken: RegExp | undefined } = {
    table: undefined,
    broken: undefined,
  };
  const run: Run = async (program, args, { input }) => {
    if (input === undefined) {
      if (world.table !== undefined) return { stdout: listingOf(world.table) };
      throw new ProgramFailed(program, { exitCode: 1, stderr: `No such file or directory: ${args.join(' ')}` });
    }
    if (world.broken?.test(input)) throw new ProgramFailed(program, { exitCode: 1, stderr: 'Operation not permitted' });
    world.table = input.includes('delete table') ? [input] : [...(world.table ?? []), input];
    return { stdout: '' };
  };
  return { firewall: new Firewall(run), world };
}

/** As far as it is read: the sets by name, and something that changes with every change. */
function listingOf(table: readonly string[]): string {
  const sets = [...table.join('').matchAll(/^ *set (\w+)/gm)].map(([, name]) => ({ set: { name } }));
  return JSON.stringify({ nftables: [{ metainfo: table.join('') }, ...sets] });
}
