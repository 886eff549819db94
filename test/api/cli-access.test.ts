import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { CliLab, ready } from './cli-lab.ts';

const PEERS = { apiGroups: ['peerwright.dev'], resources: ['wireguardpeers'], verbs: ['get', 'list'] };
const GATEWAYS = { ...PEERS, resources: ['wireguardgateways'] };

let lab: CliLab;
beforeAll(async () => {
  lab = await CliLab.start();
  await lab.namespace('net');
  await lab.gateway('net', 'edge');
  await lab.peer('net', 'laptop', { status: { configSecret: { name: 'laptop-wireguard' } } });
});
afterAll(() => lab?.[Symbol.asyncDispose]());

/** A kubeconfig like the administrator's, with another user. */
async function kubeconfigOf(name: string, user: object, change: object = {}): Promise<string> {
  const admin = parse(await readFile(lab.plane.adminKubeconfig, 'utf8'));
  const file = join(lab.folder, `${name}.kubeconfig`);
  await writeFile(file, stringify({ ...admin, users: [{ name: admin.users[0].name, user }], ...change }));
  return file;
}

describe('without the right', () => {
  test('to anything, the first right that is missing is named, and the exit code is 3', async () => {
    const kubeconfig = await lab.someone('net', 'nobody', []);
    const calls = [
      [['status', '-n', 'net'], 'ask for list on wireguardpeers in namespace net\n'],
      [['status', '-A'], 'ask for list on wireguardpeers in all namespaces, or choose one with -n\n'],
      [['graph', '-n', 'net'], 'ask for list on wireguardpeers in namespace net\n'],
      [['config', 'laptop', '-n', 'net'], 'ask for get on wireguardpeers in namespace net\n'],
    ] as const;
    for (const [argv, hint] of calls) {
      const { code, stdout, stderr } = await lab.peerwright(argv, { kubeconfig });
      expect([code, stdout, stderr.split('\n').length]).toEqual([3, '', 2]);
      expect(stderr).toMatch(/^error: .*wireguardpeers.*is forbidden: User "system:serviceaccount:net:nobody"/);
      expect(stderr.endsWith(hint)).toBe(true);
    }
  });

  test('to gateways, the peers are shown, and what is missing is said beside them', async () => {
    const kubeconfig = await lab.someone('net', 'viewer', [PEERS]);
    const { code, stdout, stderr } = await lab.peerwright(['status', '-n', 'net'], { kubeconfig });
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^PEER .*\nlaptop /)]);
    expect(stderr).toMatch(/^gateways are not shown: .*; ask for list on wireguardgateways in namespace net\n$/);
  });

  test('to Secrets, config says so', async () => {
    const kubeconfig = await lab.someone('net', 'reader', [PEERS, GATEWAYS]);
    expect(await lab.peerwright(['config', 'laptop', '-n', 'net'], { kubeconfig })).toEqual({
      code: 3,
      stdout: '',
      stderr: 'error: get secrets net/laptop-wireguard: 403 Forbidden; ask for get on secrets in namespace net\n',
    });
  });

  test('to watch, --watch ends with what is missing', async () => {
    const kubeconfig = await lab.someone('net', 'lister', [PEERS]);
    const { code, stderr } = await lab.peerwright(['status', '-w', '-n', 'net'], { kubeconfig });
    expect([code, stderr]).toEqual([3, expect.stringContaining('ask for watch on wireguardpeers in namespace net\n')]);
  });
});

describe('without access', () => {
  test.each([
    ['a token that is not accepted', { token: 'expired' }, /^error: .*nauthorized; .* see whether it has expired\n$/],
    ['nothing that says who', {}, /^error: .*system:anonymous/],
    [
      'a plugin that is missing',
      { exec: { command: 'nowhere' } },
      /nowhere cannot be started \(ENOENT\); install nowhere/,
    ],
  ])('because of %s, it is one line and the exit code is 3', async (_, user, says) => {
    const kubeconfig = await kubeconfigOf('other', user);
    const { code, stdout, stderr } = await lab.peerwright(['status', '-n', 'net'], { kubeconfig });
    expect([code, stdout, stderr]).toEqual([3, '', expect.stringMatching(says)]);
    expect(stderr.split('\n').length).toBe(2);
  });

  test('without a kubeconfig, it says where it looked', async () => {
    const { code, stderr } = await lab.peerwright(['status'], { kubeconfig: '' });
    expect(code).toBe(3);
    expect(stderr).toBe(
      `error: there is no kubeconfig: ${lab.folder}/.kube/config does not exist; name one with --kubeconfig or in KUBECONFIG\n`,
    );
    const context = await lab.peerwright(['status', '--context', 'prod']);
    expect(context).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('has no context "prod"; choose one of its contexts: admin'),
    });
  });

  test('to a server that is away, it is a problem like others', async () => {
    const admin = parse(await readFile(lab.plane.adminKubeconfig, 'utf8'));
    const clusters = [{ name: admin.clusters[0].name, cluster: { server: 'https://127.0.0.1:1' } }];
    const kubeconfig = await kubeconfigOf('away', { token: 't' }, { clusters });
    expect(await lab.peerwright(['status', '-n', 'net'], { kubeconfig })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^error: .*the API server does not answer \(ECONNREFUSED\); see whether https:\/\/127\.0\.0\.1:1 is its address/,
      ),
    });
  });
});

describe('a kubeconfig with an exec plugin', () => {
  const exec = (command: string) => ({
    exec: { apiVersion: 'client.authentication.k8s.io/v1', command, interactiveMode: 'IfAvailable' },
  });

  async function plugin(name: string, text: string): Promise<string> {
    const file = join(lab.folder, name);
    await writeFile(file, `#!/bin/sh\n${text}`, { mode: 0o755 });
    return file;
  }

  test('gets its token from the plugin, which is told about the call', async () => {
    await lab.someone('net', 'plugged', [PEERS, GATEWAYS]);
    const token = await lab.token('net', 'plugged');
    const command = await plugin(
      'gives',
      `case $KUBERNETES_EXEC_INFO in *client.authentication.k8s.io/v1*) ;; *) exit 9 ;; esac
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"${token}"}}'\n`,
    );
    const kubeconfig = await kubeconfigOf('plugged-in', exec(command));
    const { code, stdout, stderr } = await lab.peerwright(['status', '-n', 'net'], { kubeconfig });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^GATEWAY .*\nedge /);
  });

  test('repeats what a failing plugin said', async () => {
    const command = await plugin('fails', 'echo "The SSO session has expired. Run aws sso login" >&2; exit 255\n');
    const kubeconfig = await kubeconfigOf('failing', exec(command));
    expect(await lab.peerwright(['config', 'laptop', '-n', 'net'], { kubeconfig })).toEqual({
      code: 3,
      stdout: '',
      stderr: `error: the kubeconfig ${kubeconfig} gives no credentials for the user "admin": ${command} failed (exit code 255): The SSO session has expired. Run aws sso login; log in again as this plugin wants it; \`kubectl version\` needs it, too\n`,
    });
  });
});

describe('what others wrote into a status', () => {
  const HOSTILE =
    '\u001B]0;pwned\u0007\u001B[2J\r\n\u009B31m\u202Egnp.exe" \\ ]; x -> y [label="\u2028`$(id)` \u0435dge\u00A0\u3164';
  /** Everything that a terminal would obey, or draw as nothing, but the line feeds that end our own lines. */
  const OBEYED = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u00A0]/u;
  /** Letters that look like ours. What is for machines may have them. */
  const FOREIGN = /[^ -~\n│├└─…]/;

  beforeAll(async () => {
    await lab.namespace('hostile');
    await lab.acceptAnyStatus();
    const conditions = ready('False', HOSTILE, HOSTILE);
    const connection = { state: 'Connected', endpoint: HOSTILE, nodeName: HOSTILE } as const;
    const networks = { addresses: [HOSTILE], routes: [HOSTILE] };
    await lab.gateway('hostile', 'edge', { conditions, nodeName: HOSTILE, endpoint: HOSTILE, ...networks });
    await lab.peer('hostile', 'laptop', { status: { conditions, connection, ...networks } });
  });

  test.each([
    [['status']],
    [['status', '-o', 'wide']],
    [['status', '-o', 'json']],
    [['status', '-o', 'yaml']],
    [['graph']],
    [['graph', '-o', 'dot']],
    [['config', 'laptop']],
    [['status', 'x\u001B[2J']],
    [['x\u001B[2J']],
    [['explain', '\u001B[2J']],
  ])('%j never reaches the terminal as it is', async (argv) => {
    const { stdout, stderr } = await lab.peerwright([...argv, '-n', 'hostile']);
    const lines = `${stdout}${stderr}`.split('\n');
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.filter((line) => OBEYED.test(line))).toEqual([]);
    const isForMachines = argv.includes('json') || argv.includes('yaml');
    expect(isForMachines || !FOREIGN.test(stdout)).toBe(true);
  });

  test('is for machines what it was, and one string for Graphviz', async () => {
    const [json, yaml, dot] = await Promise.all([
      lab.peerwright(['status', '-o', 'json', '-n', 'hostile']),
      lab.peerwright(['status', '-o', 'yaml', '-n', 'hostile']),
      lab.peerwright(['graph', '-o', 'dot', '-n', 'hostile']),
    ]);
    expect(JSON.parse(json.stdout).peers[0].ready.message).toBe(HOSTILE);
    expect(parse(yaml.stdout).peers[0].ready.message).toBe(HOSTILE);
    const outside = dot.stdout.replaceAll(/"(\\.|[^"\\])*"/g, '""');
    expect(outside).not.toContain('x ->');
    expect(outside).not.toContain('pwned');
  });
});
