import { expect, test } from 'vitest';
import { ensureLinuxTools, type LinuxToolsPorts } from './linux-tools.ts';

/** A Debian machine with these programs; what apt-get offers can be installed. */
function machine(programs: readonly string[], offered: Readonly<Record<string, string>> = {}) {
  const installed = new Set(programs);
  const commands: string[] = [];
  const ports: LinuxToolsPorts = {
    isInstalled: (program) => installed.has(program),
    isRoot: true,
    log: () => undefined,
    async runCommand(argv, options) {
      commands.push(argv.join(' '));
      if (argv[1] === 'update') return { code: 100, stdout: '', stderr: 'no network' };
      if (options?.env?.['DEBIAN_FRONTEND'] !== 'noninteractive') throw new Error('apt-get would ask');
      const packages = argv.slice(argv.indexOf('--no-install-recommends') + 1);
      const unknown = packages.filter((name) => offered[name] === undefined);
      if (unknown.length > 0) return { code: 100, stdout: '', stderr: `Unable to locate package ${unknown.join()}\n` };
      for (const name of packages) installed.add(offered[name] ?? '');
      return { code: 0, stdout: '', stderr: '' };
    },
  };
  return { ports, commands };
}

test('tools that are there need no apt-get', async () => {
  const { ports, commands } = machine(['ip', 'ping']);
  await ensureLinuxTools(['ip', 'ping'], ports);
  expect(commands).toEqual([]);
});

test('only the missing ones are installed', async () => {
  const { ports, commands } = machine(['apt-get', 'ip'], { nftables: 'nft', 'wireguard-tools': 'wg' });
  await ensureLinuxTools(['wg', 'nft', 'ip'], ports);
  expect(commands.at(-1)).toBe('apt-get install -y -qq --no-install-recommends wireguard-tools nftables');
});

test('without apt-get, or without root, one error names all tools and packages and nothing is run', async () => {
  const expected = {
    code: 'LinuxToolsMissing',
    message: 'Not installed: wg, ping',
    hint: 'On Debian and Ubuntu: apt-get install wireguard-tools iputils-ping',
  };
  const fedora = machine(['ip']);
  await expect(ensureLinuxTools(['wg', 'ip', 'ping'], fedora.ports)).rejects.toMatchObject(expected);
  const user = machine(['ip', 'apt-get']);
  await expect(ensureLinuxTools(['wg', 'ip', 'ping'], { ...user.ports, isRoot: false })).rejects.toMatchObject(
    expected,
  );
  expect([...fedora.commands, ...user.commands]).toEqual([]);
});

test('an apt-get that fails is quoted', async () => {
  const { ports } = machine(['apt-get']);
  await expect(ensureLinuxTools(['nft'], ports)).rejects.toThrow('Unable to locate package nftables');
});
