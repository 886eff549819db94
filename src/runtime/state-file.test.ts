import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Secret } from './secret.ts';
import { readOrCreate } from './state-file.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peerwright-state-file-'));
  path = join(folder, 'state', 'identity');
});

afterEach(() => rm(folder, { recursive: true }));

const secret = (text: string) => new Secret(Buffer.from(text));
const textOf = (value: Secret) => Buffer.from(value.reveal()).toString();
const unused = () => Promise.reject(new Error('must not be called'));
const mode = async (of: string) => (await stat(of)).mode & 0o777;

async function write(content: string, fileMode = 0o600): Promise<void> {
  await mkdir(join(folder, 'state'), { mode: 0o700 });
  await writeFile(path, content);
  await chmod(path, fileMode);
}

test('a secret is made once, stored for its owner alone, and read from then on', async () => {
  expect(textOf(await readOrCreate(path, async () => secret('first')))).toBe('first');
  expect(textOf(await readOrCreate(path, unused))).toBe('first');
  expect([await mode(path), await mode(join(folder, 'state'))]).toEqual([0o600, 0o700]);
  expect(await readdir(join(folder, 'state'))).toEqual(['identity']);
});

test('one that was slower in making it takes what is stored meanwhile', async () => {
  const slow = readOrCreate(path, async () => {
    await readOrCreate(path, async () => secret('fast'));
    return secret('slow');
  });
  expect(textOf(await slow)).toBe('fast');
  expect(await readFile(path, 'utf8')).toBe('fast');
  expect(await readdir(join(folder, 'state'))).toEqual(['identity']);
});

test('all processes that race for the first one get the same', async () => {
  const program = `
    const { readOrCreate } = await import(${JSON.stringify(new URL('state-file.ts', import.meta.url).href)});
    const { Secret } = await import(${JSON.stringify(new URL('secret.ts', import.meta.url).href)});
    const made = await readOrCreate(${JSON.stringify(path)}, async () => new Secret(Buffer.from('pid ' + process.pid)));
    process.stdout.write(Buffer.from(made.reveal()));`;
  const run = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
  const outputs = await Promise.all(Array.from({ length: 4 }, run));
  expect(new Set(outputs.map(({ stdout }) => stdout)).size).toBe(1);
});

test.each([0o640, 0o604, 0o620])('a file of mode %o is refused, with the command that helps', async (fileMode) => {
  await write('known', fileMode);
  await expect(readOrCreate(path, unused)).rejects.toMatchObject({
    code: 'StateFileUnsafe',
    message: expect.stringContaining(`${path} is open to others (mode 0${fileMode.toString(8)})`),
    hint: expect.stringContaining(`chmod 600 ${path}`),
  });
});

test('a folder that others may write is refused', async () => {
  await write('known');
  await chmod(join(folder, 'state'), 0o777);
  await expect(readOrCreate(path, unused)).rejects.toThrow('may be written by others (mode 0777)');
});

test('a folder of another user is refused', async () => {
  // Only root can give a folder away; for everybody else /etc is one.
  const theirs = process.geteuid?.() === 0 ? join(folder, 'theirs') : '/etc';
  await mkdir(join(folder, 'theirs'), { mode: 0o755 });
  if (theirs !== '/etc') await chown(theirs, 65534, 65534);
  await expect(readOrCreate(join(theirs, 'identity'), unused)).rejects.toThrow(/(theirs|etc) belongs to user \d+/);
});

test('an empty file, a link and a folder in its place are refused, never overwritten', async () => {
  await write('');
  await expect(readOrCreate(path, unused)).rejects.toThrow('is empty');
  await symlink(path, join(folder, 'state', 'link'));
  await expect(readOrCreate(join(folder, 'state', 'link'), unused)).rejects.toThrow('is a symbolic link');
  await mkdir(join(folder, 'state', 'folder'));
  await expect(readOrCreate(join(folder, 'state', 'folder'), unused)).rejects.toThrow('is not a regular file');
});

test('when nothing can be made, nothing is stored', async () => {
  await expect(readOrCreate(path, () => Promise.reject(new Error('no entropy')))).rejects.toThrow('no entropy');
  expect(await readdir(join(folder, 'state'))).toEqual([]);
});
