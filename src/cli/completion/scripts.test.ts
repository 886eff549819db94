import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { completionScript } from './scripts.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peerwright-completion-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const has = (program: string) =>
  (process.env['PATH'] ?? '').split(delimiter).some((place) => existsSync(join(place, program)));

function shell(program: string, ...argv: string[]): Promise<string> {
  const env = { PATH: `${folder}:${process.env['PATH']}`, HOME: folder };
  return new Promise((resolve, reject) => {
    execFile(program, argv, { env, cwd: folder }, (error, stdout, stderr) =>
      error === null && stderr === '' ? resolve(stdout) : reject(error ?? new Error(stderr)),
    );
  });
}

/** Stands in for the program: says with which words it was asked, and what to offer. */
async function answering(...lines: string[]): Promise<void> {
  const file = join(folder, 'peerwright');
  const text = lines.map((line) => `${line}\n`).join('');
  await writeFile(file, `#!/bin/sh\nprintf '[%s]' "$@" > ${folder}/asked\ncat <<'END'\n${text}END\n`);
  await chmod(file, 0o755);
}

/** Starting a shell takes no time, unless everything else wants the processor as well. */
const PATIENCE = { timeout: 60_000 };

test('bash offers what the program says, and asks it with the words before the cursor', PATIENCE, async () => {
  await answering('status\twhat works', 'config', ':4');
  const script = `${completionScript('bash')}
COMP_WORDS=(peerwright -n net '' later); COMP_CWORD=3; _peerwright
printf '<%s>' "\${COMPREPLY[@]}"; cat asked`;
  expect(await shell('bash', '-c', script)).toBe('<status><config>[__complete][--][-n][net][]');
});

test('bash gives the program options as they were typed, not as it takes them apart', PATIENCE, async () => {
  await answering('edge', ':4');
  const script = `${completionScript('bash')}
COMP_WORDS=(peerwright --namespace = net status = --gateway = ''); COMP_CWORD=8; _peerwright; cat asked`;
  expect(await shell('bash', '-c', script)).toBe('[__complete][--][--namespace=net][status][=][--gateway=]');
});

test.for(['bash', 'zsh', 'fish'] as const)(
  'the script for %s is right for that shell',
  PATIENCE,
  async (name, { skip }) => {
    skip(!has(name), `${name} is not installed`);
    const file = join(folder, name);
    await writeFile(file, completionScript(name));
    expect(await shell(name, name === 'fish' ? '--no-execute' : '-n', file)).toBe('');
  },
);
