import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { loadConnection } from './config.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peerwright-kubeconfig-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const CREDENTIAL = { apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential' };

async function file(name: string, text: string, mode = 0o600): Promise<string> {
  const path = join(folder, name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

function kubeconfig(user: object, { name = 'lab', server = 'https://192.0.2.1:6443' } = {}): string {
  return stringify({
    'current-context': name,
    clusters: [{ name, cluster: { server, 'certificate-authority-data': 'Q0E=' } }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: `ns-${name}` } }],
  });
}

/** A plugin that runs `lines` and prints `status` as its credential. */
function plugin(status: object, ...lines: string[]): Promise<string> {
  const text = JSON.stringify({ ...CREDENTIAL, status });
  return file('bin/plugin', `#!/bin/sh\n${lines.join('\n')}\ncat <<'END'\n${text}\nEND\n`, 0o700);
}

const exec = (command: string, more: object = {}) => ({
  exec: { apiVersion: CREDENTIAL.apiVersion, command, ...more },
});

async function failure(user: object): Promise<{ message: string; hint: string }> {
  const path = await file('config', kubeconfig(user));
  try {
    await loadConnection({ kubeconfig: path, env: {} });
  } catch (error) {
    return error as { message: string; hint: string };
  }
  return expect.fail('expected a refusal');
}

describe('several files in KUBECONFIG', () => {
  test('are merged, and what the first one says holds', async () => {
    const one = await file('one', kubeconfig({ token: 'first' }, { server: 'https://192.0.2.1:1' }));
    const two = await file('two', kubeconfig({ token: 'second' }, { server: 'https://192.0.2.2:2' }));
    const other = await file('other', kubeconfig({ token: 'other' }, { name: 'other' }));
    const env = { KUBECONFIG: [join(folder, 'absent'), one, two, other].join(delimiter) };
    const connection = await loadConnection({ env });
    expect(connection).toMatchObject({ server: 'https://192.0.2.1:1', namespace: 'ns-lab' });
    expect(await connection.credentials.token()).toBe('first');
    const chosen = await loadConnection({ env, context: 'other' });
    expect(chosen.namespace).toBe('ns-other');
    expect(await chosen.credentials.token()).toBe('other');
  });

  test('may be missing, but not all of them', async () => {
    const env = { KUBECONFIG: ['a', 'b'].map((name) => join(folder, name)).join(delimiter) };
    await expect(loadConnection({ env })).rejects.toMatchObject({
      code: 'KubeconfigInvalid',
      message: `There is no kubeconfig: ${folder}/a, ${folder}/b does not exist.`,
      hint: expect.stringContaining('--kubeconfig'),
    });
    await expect(loadConnection({ env: { HOME: folder } })).rejects.toMatchObject({
      message: expect.stringContaining(`${folder}/.kube/config does not exist`),
    });
  });
});

test('relative paths begin in the folder of the file that has them', async () => {
  await file('pki/ca.crt', 'CA');
  await file('pki/tls.crt', 'CERT');
  await file('pki/tls.key', 'KEY');
  const text = kubeconfig({ 'client-certificate': 'pki/tls.crt', 'client-key': 'pki/tls.key' });
  const path = await file(
    'config',
    text.replace('certificate-authority-data: Q0E=', 'certificate-authority: pki/ca.crt'),
  );
  const connection = await loadConnection({ kubeconfig: path, env: {} });
  expect(connection.ca).toBe('CA');
  expect(connection.credentials.certificate()).toEqual({ cert: 'CERT', key: 'KEY' });
});

test('a token that was replaced in the file is found after a refusal', async () => {
  const path = await file('config', kubeconfig({ token: 'one' }));
  const { credentials } = await loadConnection({ kubeconfig: path, env: {} });
  await file('config', kubeconfig({ token: 'two' }));
  expect(await credentials.token()).toBe('one');
  await credentials.refresh();
  expect(await credentials.token()).toBe('two');
});

test.each([
  [{ token: 't', as: 'root' }, 'as another user'],
  [{ username: 'me', password: 'hunter2' }, 'has a password'],
])('what would change who we are is refused, not passed over: %j', async (user, says) => {
  const { message } = await failure(user);
  expect(message).toContain(says);
  expect(message).not.toContain('hunter2');
});

describe('an exec plugin', () => {
  test('is told its cluster, gets its arguments and environment, and gives a token or a certificate', async () => {
    const status = { token: 'tok', clientCertificateData: 'CERT', clientKeyData: 'KEY' };
    await plugin(status, `printf '%s|%s|%s' "$1" "$REGION" "$KUBERNETES_EXEC_INFO" > ${folder}/seen`);
    const more = { args: ['get-token'], env: [{ name: 'REGION', value: 'eu' }], provideClusterInfo: true };
    const path = await file('config', kubeconfig(exec('./bin/plugin', more)));
    const { credentials } = await loadConnection({ kubeconfig: path, env: { REGION: 'us' } });
    expect(await credentials.token()).toBe('tok');
    expect(credentials.certificate()).toEqual({ cert: 'CERT', key: 'KEY' });
    const [argument, region, info = ''] = (await readFile(join(folder, 'seen'), 'utf8')).split('|');
    expect([argument, region]).toEqual(['get-token', 'eu']);
    expect(JSON.parse(info)).toEqual({
      ...CREDENTIAL,
      spec: {
        interactive: false,
        cluster: { server: 'https://192.0.2.1:6443', 'certificate-authority-data': 'Q0E=' },
      },
    });
  });

  test('on the PATH is found there, and runs once however many calls ask at once', async () => {
    const runs = join(folder, 'runs');
    await plugin({ token: 'tok', expirationTimestamp: '2001-01-01T00:00:00Z' }, `echo x >> ${runs}`);
    const path = await file('config', kubeconfig(exec('plugin')));
    const env = { PATH: `${folder}/bin:/usr/bin:/bin` };
    const { credentials } = await loadConnection({ kubeconfig: path, env });
    await Promise.all([credentials.token(), credentials.token(), credentials.token()]);
    expect(await readFile(runs, 'utf8')).toBe('x\nx\n');
  });

  test('that fails is named with what it said, on one line', async () => {
    const command = await file('fails', '#!/bin/sh\necho "session\n  expired." >&2\nexit 3\n', 0o700);
    const { message, hint } = await failure(exec(command));
    expect(message).toMatch(/for the user "lab": .*\/fails failed \(exit code 3\): session expired\.$/);
    expect(hint).toContain('Log in again');
  });

  test('that is not there is named with where it comes from', async () => {
    expect(await failure(exec('nowhere', { installHint: 'Get it from example.com.' }))).toMatchObject({
      message: expect.stringContaining('nowhere cannot be started (ENOENT)'),
      hint: 'Get it from example.com.',
    });
    expect(await failure(exec('nowhere'))).toMatchObject({ hint: expect.stringContaining('Install nowhere') });
  });

  test('that prints no credential is refused without repeating it', async () => {
    const garbled = await file('garbled', '#!/bin/sh\necho hunter2\n', 0o700);
    const empty = await plugin({});
    for (const command of [garbled, empty]) {
      const { message } = await failure(exec(command));
      expect(message).toMatch(/what it printed is no ExecCredential|printed none/);
      expect(message).not.toContain('hunter2');
    }
  });

  test('that needs a terminal is not started without one', async () => {
    const { message } = await failure(exec('/bin/false', { interactiveMode: 'Always' }));
    expect(message).toContain('/bin/false needs a terminal');
  });
});

test('an auth-provider of old is asked through client-node', async () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const token = `${part({ alg: 'none' })}.${part({ exp: 4_000_000_000 })}.x`;
  const config = { 'client-id': 'me', 'idp-issuer-url': 'https://192.0.2.9', 'id-token': token, 'refresh-token': 'r' };
  const path = await file('config', kubeconfig({ 'auth-provider': { name: 'oidc', config } }));
  const { credentials } = await loadConnection({ kubeconfig: path, env: {} });
  expect(await credentials.token()).toBe(token);
});
