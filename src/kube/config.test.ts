import { chmod, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { fakeClock } from '../runtime/fake.ts';
import { loadConnection } from './config.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peerwright-config-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

const kubeconfig = (user: object, cluster: object = {}) =>
  stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'lab',
    clusters: [
      { name: 'lab', cluster: { server: 'https://192.0.2.1:6443', 'certificate-authority-data': 'Q0E=', ...cluster } },
    ],
    users: [{ name: 'me', user }],
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'me' } }],
  });

async function failure(load: Promise<unknown>): Promise<unknown> {
  return load.then(
    () => expect.fail('expected a refusal'),
    (error: unknown) => error,
  );
}

test('a kubeconfig gives server, authority, token and client certificate', async () => {
  const pems = { 'client-certificate-data': 'Q0VSVA==', 'client-key-data': 'S0VZ' };
  const path = await file('config', kubeconfig({ token: 'tok', ...pems }, { 'tls-server-name': 'api.example' }));
  const connection = await loadConnection({ kubeconfig: path, env: {} });
  expect(connection).toMatchObject({ server: 'https://192.0.2.1:6443', ca: 'CA', serverName: 'api.example' });
  expect(await connection.credentials.token()).toBe('tok');
  expect(connection.credentials.certificate()).toEqual({ cert: 'CERT', key: 'KEY' });
});

test('KUBECONFIG may name several files, which are merged', async () => {
  const users = await file('users', stringify({ users: [{ name: 'me', user: { token: 'tok' } }] }));
  const rest = await file('rest', kubeconfig({}).replace(/users:[^]*contexts:/, 'contexts:'));
  const connection = await loadConnection({ env: { KUBECONFIG: [rest, users].join(delimiter) } });
  expect(await connection.credentials.token()).toBe('tok');
});

test('an exec plugin is run for a token, and again when the token is refused', async () => {
  const credential = { apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential' };
  const plugin = await file(
    'plugin',
    `#!/bin/sh\necho x >> ${folder}/runs\nn=$(wc -l < ${folder}/runs)\necho '${JSON.stringify(credential).slice(0, -1)},"status":{"token":"tok-'$n'"}}'\n`,
  );
  await chmod(plugin, 0o755);
  const exec = { apiVersion: credential.apiVersion, command: plugin, interactiveMode: 'Never' };
  const connection = await loadConnection({ kubeconfig: await file('config', kubeconfig({ exec })), env: {} });
  expect(await connection.credentials.token()).toBe('tok-1');
  expect(await connection.credentials.token()).toBe('tok-1');
  await connection.credentials.refresh();
  expect(await connection.credentials.token()).toBe('tok-2');
});

test('a bad kubeconfig is refused with its name and a remedy, and is not quoted', async () => {
  const bad = [
    { path: join(folder, 'absent'), says: /absent cannot be read \(ENOENT\)/ },
    { path: await file('yaml', 'token: [hunter2'), says: /yaml cannot be read/ },
    { path: await file('empty', ''), says: /empty/ },
    { path: await file('proxy', kubeconfig({ token: 'hunter2' }, { 'proxy-url': 'http://p' })), says: /proxy-url/ },
  ];
  for (const { path, says } of bad) {
    const error = await failure(loadConnection({ kubeconfig: path, env: {} }));
    expect(error).toMatchObject({ code: 'KubeconfigInvalid', retry: 'never', message: expect.stringMatching(says) });
    expect(error).toMatchObject({ hint: expect.stringContaining('kubectl') });
    expect(inspect(error, { depth: 9 })).not.toContain('hunter2');
  }
});

test('an unknown context is refused with those there are', async () => {
  const path = await file('config', kubeconfig({ token: 'tok' }));
  const error = await failure(loadConnection({ kubeconfig: path, context: 'prod', env: {} }));
  expect(error).toMatchObject({
    code: 'KubeconfigInvalid',
    message: expect.stringMatching(/no context "prod"/),
    hint: expect.stringContaining('lab'),
  });
});

test('in a cluster the mounted service account is used', async () => {
  await file('token', 'one\n');
  await file('ca.crt', 'CA');
  const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' };
  const connection = await loadConnection({ env, serviceAccountFolder: folder });
  expect(connection).toMatchObject({ server: 'https://[fd00::1]:6443', ca: 'CA' });
  expect(await connection.credentials.token()).toBe('one');
});

test('a rotated token is found within a minute, and at once after a refusal; a vanished one is used on', async () => {
  const path = await file('token', 'one');
  await file('ca.crt', 'CA');
  const clock = fakeClock();
  const env = { KUBERNETES_SERVICE_HOST: '192.0.2.1' };
  const { credentials } = await loadConnection({ env, serviceAccountFolder: folder, clock });
  await writeFile(path, 'two');
  await utimes(path, 100, 100);
  clock.advance(59_000);
  expect(await credentials.token()).toBe('one');
  clock.advance(1_000);
  expect(await credentials.token()).toBe('two');
  await writeFile(path, 'three');
  await utimes(path, 100, 100);
  await credentials.refresh();
  expect(await credentials.token()).toBe('three');
  await rm(path);
  clock.advance(600_000);
  expect(await credentials.token()).toBe('three');
});

test('without a mounted token the refusal names the file', async () => {
  const env = { KUBERNETES_SERVICE_HOST: '192.0.2.1' };
  const error = await failure(loadConnection({ env, serviceAccountFolder: folder }));
  expect(error).toMatchObject({
    code: 'ServiceAccountUnreadable',
    message: expect.stringContaining(join(folder, 'token')),
  });
});
