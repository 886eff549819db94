import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { namesFor } from './names.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peerwright-names-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** With a program that takes its time before it gives credentials. */
async function kubeconfig(): Promise<string> {
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: 'sleep',
    args: ['3'],
    interactiveMode: 'Never',
  };
  const config = {
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
    users: [{ name: 'u', user: { exec } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  const file = join(folder, 'config');
  await writeFile(file, JSON.stringify(config));
  return file;
}

test('a shell does not wait for credentials that do not come', async () => {
  const given = new Map([['kubeconfig', await kubeconfig()]]);
  const began = performance.now();
  expect(await namesFor('peers', given, { env: {}, signal: AbortSignal.timeout(200) })).toEqual([]);
  expect(performance.now() - began).toBeLessThan(2_000);
});
