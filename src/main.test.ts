import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';

const MAIN = new URL('main.ts', import.meta.url).pathname;
const BIN = resolve(import.meta.dirname, '../bin');

interface Ran {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program as a shell would. */
function run(program: string, argv: readonly string[], { env = {}, cwd = '/' } = {}): Promise<Ran> {
  return new Promise((done) => {
    execFile(program, argv, { env, cwd }, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : error.code, stdout, stderr });
    });
  });
}

const peerwright = (...argv: string[]) => run(process.execPath, [MAIN, ...argv]);
/** A process takes a tenth of a second to start, unless everything else wants the processor as well. */
const PATIENCE = { timeout: 60_000 };

test.each([[[]], [['help']]])('%j lists every command', PATIENCE, async (argv) => {
  const { code, stdout, stderr } = await peerwright(...argv);
  expect([code, stderr]).toEqual([0, '']);
  for (const command of ['operator', 'agent', 'userspace', 'status', 'config', 'version'])
    expect(stdout).toMatch(new RegExp(`^  ${command} .*\\w`, 'm'));
});

test.each(['version', '--version'])('%s prints the version of the package', PATIENCE, async (command) => {
  expect(await peerwright(command)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^peerwright \d+\.\d+/) });
});

test.each(['statsu', 'constructor'])('the unknown command %s exits 2 with one line of help', PATIENCE, async (name) => {
  const { code, stdout, stderr } = await peerwright(name);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(new RegExp(`^error: unknown command '${name}'; .*\n$`));
});

test.each(['operator', 'agent', 'userspace'])('the process %s has help of its own', PATIENCE, async (name) => {
  expect(await peerwright('help', name)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`Usage: peerwright ${name} [options]`),
  });
});

describe('the launchers', () => {
  async function folderOf(name: string): Promise<string> {
    const parent = await mkdtemp(join(tmpdir(), 'peerwright-bin-'));
    onTestFinished(() => rm(parent, { recursive: true, force: true }));
    const folder = join(parent, name);
    await mkdir(folder);
    return folder;
  }

  test('work through links, from any folder, with blanks in their paths', PATIENCE, async () => {
    const folder = await folderOf('with blanks');
    for (const name of ['peerwright', 'kubectl-peerwright']) await symlink(join(BIN, name), join(folder, name));
    await symlink('peerwright', join(folder, 'relative'));
    const env = { PATH: '/usr/bin:/bin' };
    const answer = { code: 0, stderr: '', stdout: expect.stringMatching(/^peerwright \d/) };
    expect(await run(join(folder, 'peerwright'), ['version'], { env })).toEqual(answer);
    expect(await run(join(folder, 'relative'), ['version'], { env, cwd: folder })).toEqual(answer);
    const plugin = await run(join(folder, 'kubectl-peerwright'), ['--help'], { env });
    expect(plugin.stdout).toMatch(/^Usage: kubectl peerwright COMMAND/);
  });
});
