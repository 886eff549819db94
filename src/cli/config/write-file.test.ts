import { chmod, link, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nextSteps, writePrivate } from './write-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peerwright-write-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const modeOf = async (file: string) => (await stat(file)).mode & 0o777;

describe('a private file', () => {
  test('is readable for its owner only', async () => {
    const file = join(folder, 'wg0.conf');
    await writePrivate(file, 'text', { force: false });
    expect([await readFile(file, 'utf8'), await modeOf(file)]).toEqual(['text', 0o600]);
  });

  test('takes the place of nothing, neither a file nor a link', async () => {
    const [file, dangling] = [join(folder, 'a'), join(folder, 'b')];
    await writeFile(file, 'mine');
    await symlink(join(folder, 'elsewhere'), dangling);
    for (const taken of [file, dangling])
      await expect(writePrivate(taken, 'text', { force: false })).rejects.toThrow('there is already a file');
    expect((await readdir(folder)).toSorted()).toEqual(['a', 'b']);
    expect(await readFile(file, 'utf8')).toBe('mine');
  });

  test('by force takes the place of a file, and leaves what that was linked to', async () => {
    const [file, other, target] = [join(folder, 'a'), join(folder, 'hard'), join(folder, 'target')];
    await writeFile(file, 'old');
    await chmod(file, 0o666);
    await link(file, other);
    await writePrivate(file, 'new', { force: true });
    expect([await readFile(file, 'utf8'), await modeOf(file), await readFile(other, 'utf8')]).toEqual([
      'new',
      0o600,
      'old',
    ]);
    await writeFile(target, 'theirs');
    await symlink(target, join(folder, 'soft'));
    await writePrivate(join(folder, 'soft'), 'new', { force: true });
    expect([await readFile(target, 'utf8'), await readFile(join(folder, 'soft'), 'utf8')]).toEqual(['theirs', 'new']);
  });

  test('that cannot be written says why, and leaves nothing behind', async () => {
    await mkdir(join(folder, 'sub'));
    for (const force of [true, false])
      await expect(writePrivate(join(folder, 'sub'), 'x', { force })).rejects.toMatchObject({
        message: expect.stringContaining('is a folder'),
        hint: `give the name of a file, such as ${folder}/sub/wg0.conf`,
      });
    await expect(writePrivate(join(folder, 'no/wg0.conf'), 'x', { force: false })).rejects.toMatchObject({
      hint: 'make the folder first',
    });
    expect(await readdir(folder)).toEqual(['sub']);
  });
});

test.each([
  ['wg0.conf', ['Next: sudo wg-quick up ./wg0.conf']],
  ['/etc/wireguard/home.conf', ['Next: sudo wg-quick up /etc/wireguard/home.conf']],
  ["my files/it's/wg0.conf", [`Next: sudo wg-quick up 'my files/it'\\''s/wg0.conf'`]],
  ['exactly-15-long.conf', ['Next: sudo wg-quick up ./exactly-15-long.conf']],
])('the next step after %s is told so that it can be pasted', (file, steps) => {
  expect(nextSteps(file)).toEqual(steps);
});

test.each([
  ['sixteen-is-large.conf', 'sixteen-is-large has 16 characters'],
  ['laptop.txt', 'laptop.txt is none'],
  ['wg 0.conf', 'wg 0.conf is none'],
])('%s is no name for wg-quick', (file, why) => {
  expect(nextSteps(file)[0]).toMatch(new RegExp(`^warning: .*${why}$`));
});
