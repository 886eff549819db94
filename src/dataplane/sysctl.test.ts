import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SYSCTL_FOLDER, readForwarding } from './sysctl.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peerwright-sysctl-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

test('each family is forwarded or not', async () => {
  await set('net/ipv4/ip_forward', '1\n');
  await set('net/ipv6/conf/all/forwarding', '0\n');
  expect(await readForwarding(folder)).toEqual({ ipv4: true, ipv6: false });
  await set('net/ipv4/ip_forward', '0\n');
  await set('net/ipv6/conf/all/forwarding', '2\n');
  expect(await readForwarding(folder)).toEqual({ ipv4: false, ipv6: true });
});

test('a family that the kernel does not have is not forwarded', async () => {
  await set('net/ipv4/ip_forward', '1\n');
  expect(await readForwarding(folder)).toEqual({ ipv4: true, ipv6: false });
});

test('this machine answers', async () => {
  expect(await readForwarding(SYSCTL_FOLDER)).toEqual({ ipv4: expect.any(Boolean), ipv6: expect.any(Boolean) });
});

async function set(name: string, value: string): Promise<void> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, value);
}
