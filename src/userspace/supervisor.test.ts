import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fakeClock, fakeLog } from '../runtime/fake.ts';
import { Supervisor } from './supervisor.ts';

let folder: string;
let children: { args: readonly string[]; terminated: boolean; end: (how: string) => void }[];
const clock = fakeClock();
const wakes = { count: 0 };
const wake = () => void wakes.count++;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peerwright-supervisor-'));
  children = [];
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

test('one program is started for a request, and only one', async () => {
  const supervisor = made();
  await request();
  await supervisor.reconcile(wake);
  clock.advance(10_000);
  await supervisor.reconcile(wake);
  expect(children.map(({ args }) => args)).toEqual([['-f', 'pw-1']]);
});

test('a program that ends is started again, at most once a second', async () => {
  const supervisor = made();
  await request();
  await supervisor.reconcile(wake);
  const before = wakes.count;
  children[0]?.end('killed by SIGKILL');
  await new Promise(setImmediate);
  expect(wakes.count).toBe(before + 1);
  await supervisor.reconcile(wake);
  expect(children.length).toBe(1);
  clock.advance(1000);
  await supervisor.reconcile(wake);
  expect(children.length).toBe(2);
});

test('a device that answers already is adopted, and its socket is removed when nobody wants it any more', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(socket(), resolve));
  const supervisor = made();
  await request();
  await supervisor.reconcile(wake);
  expect(children).toEqual([]);
  await rm(join(folder, 'pw-1.request'));
  await supervisor.reconcile(wake);
  expect(existsSync(socket())).toBe(false);
  await new Promise((resolve) => server.close(resolve));
});

test('a program whose request goes is ended', async () => {
  const supervisor = made();
  await request();
  await supervisor.reconcile(wake);
  await rm(join(folder, 'pw-1.request'));
  await supervisor.reconcile(wake);
  expect(children[0]?.terminated).toBe(true);
  children[0]?.end('exited with 0');
  await new Promise(setImmediate);
  await supervisor.reconcile(wake);
  expect(existsSync(join(folder, 'pw-1.log'))).toBe(false);
});

test('a device that cannot be served keeps no other from being started or ended, and is told', async () => {
  const supervisor = made();
  await request('pw-2');
  await supervisor.reconcile(wake);
  await rm(join(folder, 'pw-2.request'));
  await mkdir(join(folder, 'pw-0.log'));
  await request('pw-0');
  await request();
  await expect(supervisor.reconcile(wake)).rejects.toThrow(AggregateError);
  expect(children.map(({ args, terminated }) => [args[1], terminated])).toEqual([
    ['pw-2', true],
    ['pw-1', false],
  ]);
});

function made(): Supervisor {
  const start = (_program: string, args: readonly string[]) => {
    const { promise: ended, resolve: end } = Promise.withResolvers<string>();
    const child = { args, terminated: false, end };
    children.push(child);
    return { pid: 1, ended, terminate: () => void (child.terminated = true) };
  };
  const log = fakeLog();
  return new Supervisor({ folder, uapiFolder: folder, program: 'wireguard-go', path: '/bin', start, clock, log });
}

function request(device = 'pw-1'): Promise<void> {
  return writeFile(join(folder, `${device}.request`), '');
}

function socket(): string {
  return join(folder, 'pw-1.sock');
}
