import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DeviceName } from '../mesh/model.ts';
import { fakeClock } from '../runtime/fake.ts';
import { openFolder, requestDevice, requestedDevices } from './userspace-request.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peerwright-request-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

test('files that are no requests for a device are passed over', async () => {
  for (const name of ['pw-1.request', 'pw-1.log', '../x.request'.replace('/', '_'), 'PW.request', 'a b.request']) {
    await writeFile(join(folder, name), '');
  }
  expect(await requestedDevices(folder)).toEqual(['pw-1']);
});

test('a folder that is not there holds no requests', async () => {
  expect(await requestedDevices(join(folder, 'none'))).toEqual([]);
});

test('a folder that others can enter is refused', async () => {
  const open = join(folder, 'open');
  await mkdir(open);
  await chmod(open, 0o755);
  await expect(openFolder(open)).rejects.toThrow('mode 0700');
});

test('a request that nobody serves is withdrawn, with what wireguard-go said last', async () => {
  await writeFile(join(folder, 'pw-1.log'), 'first\nno tun device\n');
  const clock = fakeClock();
  const folders = { userspace: folder, uapi: folder };
  const asked = requestDevice('pw-1' as DeviceName, { folders, clock, signal: new AbortController().signal });
  let answer: string | undefined;
  void asked.then((text) => (answer = text));
  while (answer === undefined) {
    clock.advance(1000);
    await new Promise(setImmediate);
  }
  expect(answer).toContain('no tun device');
  expect(await requestedDevices(folder)).toEqual([]);
});
