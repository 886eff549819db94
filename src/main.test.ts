import { execFile } from 'node:child_process';
import { expect, test } from 'vitest';

const MAIN = new URL('main.ts', import.meta.url).pathname;

/** Runs the program as a shell would. */
function peerwright(...argv: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...argv], { env: {} }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, stdout, stderr });
    });
  });
}

test.each([[], ['--help'], ['-h'], ['help']])('%s lists every command', async (...argv) => {
  const { code, stdout, stderr } = await peerwright(...argv);
  expect([code, stderr]).toEqual([0, '']);
  for (const command of ['operator', 'agent', 'userspace', 'version']) expect(stdout).toMatch(`  ${command} `);
});

test.each(['version', '--version'])('%s prints the version of the package', async (command) => {
  expect(await peerwright(command)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^peerwright \d+\.\d+/) });
});

test.each(['operater', 'constructor', '../etc'])(
  'the unknown command %s exits 2 with one line of help',
  async (name) => {
    expect(await peerwright(name)).toEqual({
      code: 2,
      stdout: '',
      stderr: `peerwright: '${name}' is not a command; one of operator, agent, userspace, version.\n`,
    });
  },
);
