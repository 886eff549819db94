import { chmod, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import decodeQR from 'qr/decode.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { cameraImage } from '../support/qr.ts';
import { runCommand } from '../../tools/lab/command.ts';
import { CliLab, GATEWAY_KEY, PEER_KEY, ready } from './cli-lab.ts';

const SECONDS_AGO = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();
const FILE = `# WireGuard: peer laptop of gateway edge in namespace net
[Interface]
PrivateKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=
Address = 10.90.0.7/32
DNS = 10.0.0.10

[Peer]
PublicKey = ${GATEWAY_KEY}
PresharedKey = FpCyhws9cxwWoV4xELtfJvjJN+zQVRPISllRWgeopVE=
AllowedIPs = 10.0.0.0/16, 10.90.0.0/16
Endpoint = vpn.example.com:51840
PersistentKeepalive = 25
`;

let lab: CliLab;
beforeAll(async () => {
  lab = await CliLab.start();
  await lab.namespace('net');
  await lab.namespace('bad');
  await lab.gateway('net', 'edge');
  await lab.gateway('net', 'old', { conditions: ready('False', 'NoEligibleNode', 'No node matches.'), routes: [] });
  const laptop = await lab.peer('net', 'laptop', {
    status: {
      configSecret: { name: 'laptop-wireguard' },
      presharedKey: 'Derived',
      connection: { state: 'Idle', lastHandshakeTime: SECONDS_AGO(4_000), observedTime: SECONDS_AGO(3_000) },
    },
  });
  await lab.label('net', 'laptop', { site: 'home' });
  await lab.configSecret('net', 'laptop', FILE);
  await lab.peer('net', 'branch-7', {
    spec: { publicKey: PEER_KEY, routes: ['192.168.7.0/24'] },
    status: { addresses: ['10.90.0.8'], routes: ['192.168.7.0/24'], connection: { state: 'Disconnected' } },
  });
  const conditions = ready('False', 'GatewayNotFound', 'There is no gateway nowhere.');
  const undecided = { conditions, addresses: [] };
  await lab.peer('net', 'lost', { spec: { gatewayRef: { name: 'nowhere' } }, status: undecided });
  const connection = {
    state: 'Connected',
    lastHandshakeTime: SECONDS_AGO(40),
    endpoint: '198.51.100.4:40123',
    receivedBytes: 1536,
    sentBytes: 20_971_520,
  } as const;
  await lab.report('node-a', { peers: [{ uid: laptop, generation: 1, digest: 'd', connection }] });
});
afterAll(() => lab?.[Symbol.asyncDispose]());

const run = (...argv: string[]) => lab.peerwright(['-n', 'net', ...argv]);
const cells = (line = '') => line.split(/ {2,}/);
const find = (text: string, name: string) => cells(text.split('\n').find((line) => line.startsWith(`${name} `)));

describe('status', () => {
  test('shows gateways and peers, with the facts of the report where it is newer', async () => {
    const { code, stdout, stderr } = await run('status');
    expect([code, stderr]).toEqual([0, '']);
    expect(find(stdout, 'edge').slice(0, 7)).toEqual([
      'edge',
      'True',
      'vpn.example.com:51840',
      'node-a',
      '2',
      '1',
      'Programmed',
    ]);
    expect(find(stdout, 'laptop')).toEqual([
      'laptop',
      'edge',
      'True',
      'Connected',
      expect.stringMatching(/^\d+s$/),
      expect.stringMatching(/^\d+s$/),
      '198.51.100.4:40123',
      '1.5KiB',
      '20MiB',
      '10.90.0.7',
      'Programmed',
    ]);
    expect(find(stdout, 'lost').slice(0, 4)).toEqual(['lost', 'nowhere', 'False', 'Never']);
    expect((await run('status', '-o', 'wide')).stdout).toContain('There is no gateway nowhere.');
  });

  test.each([
    [
      ['--gateway', 'edge'],
      ['edge', 'branch-7', 'laptop'],
    ],
    [['--not-ready'], ['old', 'lost']],
    [['--disconnected'], ['branch-7', 'lost']],
    [
      ['laptop', 'old'],
      ['old', 'laptop'],
    ],
    [['laptop', '--not-ready'], []],
    [
      ['peer/laptop', 'wgg/old'],
      ['old', 'laptop'],
    ],
    [['-l', 'site=home'], ['laptop']],
    [
      ['-l', 'site notin (home)', '--disconnected'],
      ['branch-7', 'lost'],
    ],
  ])('%s chooses %s', async (argv, names) => {
    const { code, stdout } = await run('status', '-o', 'json', ...argv);
    const { gateways, peers } = JSON.parse(stdout);
    expect([code, ...[...gateways, ...peers].map(({ name }) => name)]).toEqual([0, ...names]);
  });

  test('fails with --check when something shown is not Ready, and for a name of nothing', async () => {
    expect(await run('status', '--check')).toMatchObject({ code: 1 });
    expect(await run('status', '--check', 'laptop')).toMatchObject({ code: 0 });
    expect(await run('status', 'nobody')).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'error: there is no gateway or peer nobody in namespace net; without a name, status lists what there is; -A looks everywhere\n',
    });
    expect((await run('status', 'labtop')).stderr).toContain('in namespace net; did you mean laptop?\n');
    expect((await run('status', 'peer/edge')).stderr).toContain('there is no peer edge in namespace net; ');
    expect((await run('status', '-l', 'site=home', 'edge')).stderr).toContain('with the labels site=home; ');
  });

  test('says the same to machines as JSON and YAML, and names namespaces where there are several', async () => {
    const [json, yaml] = [await run('status', '-o', 'json'), await run('status', '-o', 'yaml')];
    const { observedTime, ...told } = JSON.parse(json.stdout);
    expect(parse(yaml.stdout)).toMatchObject(told);
    expect(Date.parse(observedTime)).toBeGreaterThan(Date.now() - 60_000);
    expect(told.peers[1]).toMatchObject({
      name: 'laptop',
      connection: { state: 'Connected', source: 'Report', receivedBytes: 1536, nodeName: 'node-a' },
    });
    expect((await lab.peerwright(['status', '-A'])).stdout).toMatch(/^NAMESPACE .*\nnet +edge /);
  });

  test('says on the side when there is nothing', async () => {
    expect(await lab.peerwright(['status', '-n', 'bad'])).toEqual({
      code: 0,
      stdout: '',
      stderr: 'There are no gateways and no peers in namespace bad; -A looks everywhere.\n',
    });
  });
});

describe('config', () => {
  test('prints exactly what the Secret holds, without DNS if that is asked for', async () => {
    expect(await run('config', 'laptop')).toEqual({ code: 0, stdout: FILE, stderr: '' });
    expect(await run('config', 'peer/laptop')).toEqual({ code: 0, stdout: FILE, stderr: '' });
    expect((await run('config', 'laptop', '--no-dns')).stdout).toBe(FILE.replace('DNS = 10.0.0.10\n', ''));
  });

  test('draws a QR code of the same bytes', async () => {
    const { code, stdout } = await run('config', 'laptop', '--qr');
    expect(code).toBe(0);
    expect(decodeQR(cameraImage(stdout))).toBe(FILE);
  });

  test('writes a file that nobody else can read, and overwrites only when told to', async () => {
    const file = join(lab.folder, 'wg0.conf');
    const write = (...more: string[]) =>
      lab.peerwright(['config', 'laptop', '-n', 'net', '--out', 'wg0.conf', ...more], { cwd: lab.folder });
    expect(await write()).toEqual({ code: 0, stdout: '', stderr: 'Next: sudo wg-quick up ./wg0.conf\n' });
    expect([(await stat(file)).mode & 0o777, await readFile(file, 'utf8')]).toEqual([0o600, FILE]);
    await writeFile(file, 'mine');
    await chmod(file, 0o666);
    expect(await write()).toMatchObject({ code: 1, stderr: expect.stringContaining('already a file wg0.conf; give') });
    expect(await readFile(file, 'utf8')).toBe('mine');
    const folder = await run('config', 'laptop', '--out', lab.folder);
    expect(folder).toMatchObject({ code: 1, stderr: expect.stringContaining(`${lab.folder} is a folder; give`) });
    expect(await write('--force')).toMatchObject({ code: 0 });
    expect([(await stat(file)).mode & 0o777, await readFile(file, 'utf8')]).toEqual([0o600, FILE]);
  });

  test('has a placeholder for a key that it does not know, and no QR code then', async () => {
    const { code, stdout, stderr } = await run('config', 'branch-7');
    expect(code).toBe(0);
    expect(stdout).toContain(
      `the private key of ${PEER_KEY}\nPrivateKey = PASTE-THE-PRIVATE-KEY-HERE\nAddress = 10.90.0.8/32\n`,
    );
    expect(stdout).toContain('AllowedIPs = 10.0.0.0/16, 10.90.0.0/16\nEndpoint = vpn.example.com:51840\n');
    expect(stderr).toMatch(/^note: the private key .*PASTE-THE-PRIVATE-KEY-HERE\n$/);
    expect(await run('config', 'branch-7', '--qr')).toMatchObject({ code: 1, stdout: '' });
  });

  test('says why there is none', async () => {
    expect(await run('config', 'lost')).toMatchObject({
      code: 1,
      stderr:
        'error: peer lost has no configuration yet (GatewayNotFound: There is no gateway nowhere); explain GatewayNotFound says more\n',
    });
    expect(await run('config', 'nobody')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error: there is no peer net\/nobody; /),
    });
  });

  test('hands on nothing that wg-quick would run as root', async () => {
    await lab.peer('bad', 'evil', { status: { configSecret: { name: 'evil-wireguard' } } });
    await lab.configSecret('bad', 'evil', FILE.replace('DNS = ', 'PostUp = touch /tmp/pwned #'));
    for (const more of [[], ['--qr'], ['--no-dns'], ['--out', join(lab.folder, 'evil.conf')]]) {
      const result = await lab.peerwright(['config', 'evil', '-n', 'bad', ...more]);
      expect(result).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('evil-wireguard does not') });
    }
  });
});

test('graph draws a tree, and a picture for Graphviz', async () => {
  expect((await run('graph')).stdout).toBe(`namespace net
├─ gateway edge  Ready  vpn.example.com:51840  on node node-a
│  ├─ pool 10.90.0.0/16
│  ├─ route 10.0.0.0/16
│  ├─ peer branch-7  10.90.0.8  Disconnected
│  │  └─ route 192.168.7.0/24
│  └─ peer laptop  10.90.0.7  Connected
├─ gateway nowhere  not found
│  └─ peer lost  not Ready: GatewayNotFound
└─ gateway old  not Ready: NoEligibleNode  vpn.example.com:51840  on node node-a
   └─ pool 10.90.0.0/16
`);
  const { stdout } = await run('graph', '-o', 'dot', '--gateway', 'edge');
  expect(stdout).toMatch(/^digraph peerwright \{\n(.*\n)*\}\n$/);
  expect(stdout).toContain('"gateway net/edge" -> "peer net/laptop" [style=solid];');
});

test('kubectl runs it as a plugin', async () => {
  const { adminKubeconfig, kubernetes } = lab.plane;
  const folder = join(lab.folder, 'path with blanks');
  await mkdir(folder);
  await symlink(kubernetes.kubectl, join(folder, 'kubectl'));
  for (const name of ['kubectl-peerwright', 'kubectl_complete-peerwright'])
    await symlink(resolve(import.meta.dirname, '../../bin', name), join(folder, name));
  const env = { PATH: `${folder}:/usr/bin:/bin`, HOME: lab.folder, KUBECONFIG: adminKubeconfig };
  const kubectl = (...argv: string[]) => runCommand(['kubectl', ...argv], { env, cwd: '/' });
  expect((await kubectl('peerwright', 'status', '-n', 'net', 'laptop')).stdout).toContain('\nlaptop ');
  expect((await kubectl('peerwright', '--help')).stdout).toContain('Usage: kubectl peerwright COMMAND');
  expect((await kubectl('__complete', 'peerwright', 'config', '-n', 'net', 'la')).stdout).toBe('laptop\n:4\n');
  expect((await kubectl('__complete', 'peerwright', 'status', '-n', 'net', '--gateway=e')).stdout).toBe('edge\n:4\n');
});
