import { expect, test } from 'vitest';
import type { DeviceName } from '../../mesh/model.ts';
import { ProgramFailed } from '../exec.ts';
import type { Run } from '../exec.ts';
import { Firewall } from './firewall.ts';

const NAME = 'pw-00000001' as DeviceName;
const OTHER = 'pw-00000002' as DeviceName;
const signal = new AbortController().signal;
const rules = (...names: DeviceName[]) => ({ devices: names.map((name) => ({ name, addresses: [] })) });

test('a device is guarded once the table that names it is loaded', async () => {
  const { firewall } = host();
  expect(firewall.guards(NAME)).toBe(false);
  expect(await firewall.load(rules(NAME), signal)).toEqual([]);
  expect([firewall.guards(NAME), firewall.guards(OTHER)]).toEqual([true, false]);
});

test('a table that cannot be replaced guards whom it named before', async () => {
  const { firewall, world } = host();
  await firewall.load(rules(NAME), signal);
  world.broken = true;
  expect(await firewall.load(rules(NAME, OTHER), signal)).toMatchObject([{ code: 'FirewallUnavailable' }]);
  expect([firewall.guards(NAME), firewall.guards(OTHER)]).toEqual([true, false]);
});

test.each([[[NAME]], [[NAME, OTHER]]])(
  'a table that somebody took away and that cannot be loaded again guards nobody',
  async (names) => {
    const { firewall, world } = host();
    await firewall.load(rules(NAME), signal);
    world.table = undefined;
    world.broken = true;
    expect(await firewall.load(rules(...names), signal)).toMatchObject([{ code: 'FirewallUnavailable' }]);
    expect(firewall.guards(NAME)).toBe(false);
  },
);

/** A host with one table, in which `nft -f` can be made to fail. */
function host() {
  const world: { table: string | undefined; broken: boolean } = { table: undefined, broken: false };
  const run: Run = async (program, args, { input }) => {
    if (input === undefined) {
      if (world.table !== undefined) return { stdout: world.table };
      throw new ProgramFailed(program, { exitCode: 1, stderr: `No such file or directory: ${args.join(' ')}` });
    }
    if (world.broken) throw new ProgramFailed(program, { exitCode: 1, stderr: 'Operation not permitted' });
    world.table = input;
    return { stdout: '' };
  };
  return { firewall: new Firewall(run), world };
}
