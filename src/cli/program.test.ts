import { expect, test } from 'vitest';
import { PEER_CONFIG_TYPE } from '../keys/peer-secret.ts';
import type { Actions } from './actions.ts';
import { PEER_CONFIG_TYPE as ours } from './config/find-file.ts';
import { runProgram } from './run-program.ts';
import { recorded } from './terminal.testing.ts';

/** Runs a command line; what its action got is in `calls`. */
async function run(argv: readonly string[], name = 'peerwright') {
  const calls: unknown[][] = [];
  const called =
    (command: keyof Actions) =>
    (...args: unknown[]) => {
      calls.push([command, ...args]);
      return Promise.resolve(0);
    };
  const actions = Object.fromEntries(
    (['status', 'config', 'graph', 'explain', 'version', 'completion'] as const).map((command) => [
      command,
      called(command),
    ]),
  ) as unknown as Actions;
  const { terminal, printed } = recorded();
  const processes = [{ name: 'operator', does: 'decides' }];
  const options = { name, version: '1.2.3', actions, processes, columns: 100 };
  const code = await runProgram(argv, options, { terminal, env: {}, signal: new AbortController().signal });
  return { code, calls, ...printed };
}

const SPLIT = /"[^"]*"|\S+/g;

test('every command has help with a usage, a meaning and, but for version, examples that are right', async () => {
  const { stdout } = await run([]);
  for (const command of ['status', 'config', 'graph', 'explain', 'version', 'completion']) {
    expect(stdout).toMatch(new RegExp(`^  ${command} .*\\w$`, 'm'));
    const help = await run([command, '--help']);
    expect([help.code, help.stderr]).toEqual([0, '']);
    expect(help.stdout).toMatch(new RegExp(`^Usage: peerwright ${command}\\b[^]*--help`));
    const examples = [...help.stdout.matchAll(/^  peerwright (.*?) +#/gm)].map(([, call = '']) => call);
    expect(examples.length).toBeGreaterThanOrEqual(command === 'version' ? 0 : 2);
    for (const example of examples) {
      const argv = (example.split(/ (?:\||&&|>) /)[0]?.match(SPLIT) ?? []).map((word) => word.replaceAll('"', ''));
      expect(await run(argv)).toMatchObject({
        code: 0,
        stderr: '',
        calls: [[command]].map((call) => expect.arrayContaining(call)),
      });
    }
  }
});

test('options of every command stand before or after its name', async () => {
  const after = await run(['status', 'edge', '-n', 'net', '--context', 'prod', '-o', 'wide']);
  const before = await run(['-n=net', '--context', 'prod', 'status', '-o', 'wide', 'edge']);
  expect(after.calls).toEqual(before.calls);
  expect(after.calls[0]).toEqual([
    'status',
    ['edge'],
    { namespace: 'net', context: 'prod', output: 'wide', systemNamespace: 'peerwright-system' },
  ]);
});

test('help has the options of every command where they mean something', async () => {
  expect((await run(['graph', '--help'])).stdout).toContain('--namespace');
  expect((await run(['explain', '--help'])).stdout).not.toMatch(/--namespace|--version/);
});

test.each([
  [['-n', 'net'], 'error: no command is given; see peerwright --help'],
  [['get'], "error: unknown command 'get'; see peerwright --help"],
  [['opertor'], "error: unknown command 'opertor'; see peerwright --help"],
  [['statsu'], "error: unknown command 'statsu'; did you mean status?"],
  [['status', '--not-redy'], "error: unknown option '--not-redy'; did you mean --not-ready?"],
  [
    ['status', '-o', 'xml'],
    /'xml' is invalid. Allowed choices are table, wide, json, yaml; see peerwright status --help\n$/,
  ],
  [['status', '-A', '-n', 'net'], /cannot be used with/],
  [['config'], "error: missing required argument 'peer'; see peerwright config --help"],
  [['config', 'a', '--qr', '--out', 'f'], /cannot be used with/],
  [['completion', 'tcsh'], /Allowed choices are bash, zsh, fish/],
  [['help', 'nonsense'], "error: unknown command 'nonsense'; see peerwright --help"],
])('%j is wrong usage, told in one line', async (argv, says) => {
  const { code, calls, stdout, stderr } = await run(argv);
  expect({ code, calls, stdout }).toEqual({ code: 2, calls: [], stdout: '' });
  expect(stderr).toMatch(says);
  expect(stderr.indexOf('\n')).toBe(stderr.length - 1);
});

test('as a plugin of kubectl it calls itself by that name', async () => {
  const { stdout } = await run(['--help'], 'kubectl peerwright');
  expect(stdout).toMatch(/^Usage: kubectl peerwright COMMAND/);
  expect(stdout).toContain('\n  kubectl peerwright status ');
  expect(stdout).not.toMatch(/kubectl kubectl|^  peerwright/m);
  expect((await run(['config'], 'kubectl peerwright')).stderr).toContain('see kubectl peerwright config --help');
});

test('the type of the Secrets is the one that is written', () => {
  expect(ours).toBe(PEER_CONFIG_TYPE);
});
