import { join, resolve } from 'node:path';
import decodeQR from 'qr/decode.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { secrets } from '../../src/kube/resources.ts';
import type { LabClient } from '../../tools/lab/client.ts';
import { runCommand } from '../../tools/lab/command.ts';
import type { ClusterNode } from '../../tools/lab/lab.ts';
import type { LabNode } from '../../tools/lab/node.ts';
import { startPing } from '../../tools/lab/ping.ts';
import { gateways, peers } from '../support/cluster.ts';
import { dumpDevice } from '../support/device.ts';
import { violations } from '../support/invariants.ts';
import { Mesh, reaches } from '../support/mesh.ts';
import { cameraImage } from '../support/qr.ts';
import { timed, waitFor } from '../support/wait.ts';
import { answered, recordSources, sourcesSeen } from './sources.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const namespace = 'net';
const edge = { namespace, name: 'edge' };
const laptopRef = { namespace, name: 'laptop' };
const siteRef = { namespace, name: 'site' };
const SEGMENT = ['10.20.0.0/24', 'fd00:20::/64'];
const OTHER = ['10.21.0.0/24', 'fd00:21::/64'];
const OFFICE = ['192.168.7.0/24', 'fd00:7::/64'];
const APP = ['10.20.0.10', 'fd00:20::10'] as const;
const DB = ['10.21.0.10', 'fd00:21::10'] as const;
const DESK = ['192.168.7.10', 'fd00:7::10'] as const;

/**
 * ```
 *  laptop ══╗          ┌─ app 10.20.0.10
 *           ╠══ node ──┤
 *  desk ── site        └─ db  10.21.0.10
 * ```
 *
 * Neither app nor db has a default route: they answer only whom they know the way to.
 */
describe('clients with nothing but their files', () => {
  let mesh: Mesh;
  let node: ClusterNode;
  let laptop: LabClient;
  let site: LabClient;
  let app: LabNode;
  let desk: LabNode;

  beforeAll(async () => {
    mesh = await Mesh.start('cli');
    const { lab, cluster } = mesh;
    [node, laptop, site] = await Promise.all([
      lab.addNode('n1'),
      lab.addClient('laptop'),
      lab.addClient('site', { forwards: true }),
      lab.addOperator(['--file-check-seconds', '1']),
    ]);
    const segment = await lab.addLan(node.node, { device: 'segment', v4: '10.20.0.0/24', v6: 'fd00:20::/64' });
    const other = await lab.addLan(node.node, { device: 'other', v4: '10.21.0.0/24', v6: 'fd00:21::/64' });
    const office = await lab.addLan(site.node, { device: 'office', v4: '192.168.7.0/24', v6: 'fd00:7::/64' });
    app = await segment.addHost('app', { number: 10, defaultRoute: false });
    await other.addHost('db', { number: 10, defaultRoute: false });
    desk = await office.addHost('desk', { number: 10 });
    await recordSources(app);
    await cluster.namespace(namespace);
    await cluster.gateway(edge, {
      pools: [{ cidr: '10.90.0.0/24' }, { cidr: 'fd00:90::/112' }],
      routes: SEGMENT,
      allowedPeerRoutes: OFFICE,
    });
    await cluster.ready(gateways, edge, 60_000);
  });

  afterAll(async () => {
    await mesh?.[Symbol.asyncDispose]();
  });

  test('a laptop reaches the network behind the gateway, which sees the node', async () => {
    await mesh.joinWithFile(laptop, laptopRef, { gatewayRef: { name: 'edge' } });
    for (const address of [...APP, '10.90.0.1', 'fd00:90::1']) await reaches(laptop, address);
    expect(await sourcesSeen(app)).toEqual({ v4: ['10.20.0.1'], v6: ['fd00:20::1'] });
    expect(await laptop.dns()).toEqual([]);
  });

  test('without masquerading it reaches whoever has a route back, who sees its own addresses', async () => {
    await decide({ masquerade: 'Disabled' });
    expect(await answered(laptop.node, APP)).toEqual([false, false]);
    await addRoutes(app, ['10.90.0.0/24 via 10.20.0.1', 'fd00:90::/112 via fd00:20::1']);
    await recordSources(app);
    expect(await answered(laptop.node, APP)).toEqual([true, true]);
    const [v4, v6] = (await mesh.cluster.get(peers, laptopRef)).status?.addresses ?? [];
    expect(await sourcesSeen(app)).toEqual({ v4: [v4], v6: [v6] });
    // from there to the laptop, too
    expect(await answered(app, [v4 ?? '', v6 ?? ''])).toEqual([true, true]);
    await decide({ masquerade: 'Enabled' });
    expect(await answered(laptop.node, APP)).toEqual([true, true]);
  });

  test('a site with a key of its own adds it to its file, and connects two networks', async () => {
    const own = await ownKey(site.node);
    await mesh.cluster.peer(siteRef, {
      gatewayRef: { name: 'edge' },
      publicKey: own.publicKey,
      presharedKey: { type: 'Derived' },
      routes: OFFICE,
    });
    await mesh.cluster.ready(peers, siteRef);
    const { data } = await mesh.cluster.get(secrets, { namespace, name: 'site-wireguard' });
    expect(Object.keys(data ?? {}).toSorted()).toEqual(['presharedKey', 'wg.conf']);
    const file = await mesh.file(siteRef);
    expect(file).not.toMatch(/^PrivateKey/m);
    await site.up(withKey(file, own.privateKey));
    await addRoutes(app, ['192.168.7.0/24 via 10.20.0.1', 'fd00:7::/64 via fd00:20::1']);
    for (const address of APP) await reaches(site, address);
    expect(await answered(desk, APP)).toEqual([true, true]);
    expect(await answered(app, DESK)).toEqual([true, true]);
    expect(await violations(mesh.lab, mesh.cluster)).toEqual([]);
  });

  test('its file does not work without the preshared key', async () => {
    const { stdout } = await site.node.exec(['cat', '/run/own.key']);
    const whole = withKey(await mesh.file(siteRef), stdout.trim());
    await site.up(whole.replace(/^PresharedKey = .*\n/m, ''));
    expect(await answered(site.node, APP)).toEqual([false, false]);
    await site.up(whole);
    for (const address of APP) await reaches(site, address);
  });

  test('what the gateway does not offer reaches no site, and no site reaches it', async () => {
    await decide({ routes: OTHER });
    expect(await answered(app, DESK)).toEqual([false, false]);
    expect(await answered(desk, APP)).toEqual([false, false]);
    await decide({ routes: SEGMENT });
    expect(await answered(app, DESK)).toEqual([true, true]);
    await decide({ allowedPeerRoutes: [] });
    await mesh.cluster.condition(peers, siteRef, { type: 'Stalled', reason: 'RouteNotAllowed' });
    await waitFor(async () => (await answered(app, DESK)).every((reached) => !reached), { what: 'the office is away' });
    await decide({ allowedPeerRoutes: OFFICE });
    await mesh.cluster.ready(peers, siteRef);
    await waitFor(async () => (await answered(app, DESK)).every(Boolean), { what: 'the office is back' });
  });

  test('what a gateway tells its clients follows into their files, and the old ones keep working', async () => {
    const old = await mesh.file(laptopRef);
    const flow = await laptop.startPing(APP[0]);
    const client = { dns: [...APP], persistentKeepaliveSeconds: 7 };
    const wanted = [
      `DNS = ${APP.join(', ')}`,
      'PersistentKeepalive = 7',
      'AllowedIPs = 10.20.0.0/24, 10.21.0.0/24, 10.90.0.0/24, fd00:20::/64, fd00:21::/64, fd00:90::/112',
    ];
    await mesh.cluster.patch(gateways, edge, { spec: { client, routes: [...SEGMENT, ...OTHER] } });
    const says = async () => {
      const lines = (await mesh.file(laptopRef)).split('\n');
      return wanted.every((line) => lines.includes(line));
    };
    const took = await timed(says, { what: 'the file says it', timeoutMs: 10_000 });
    process.stdout.write(`the file of the laptop followed after ${took.toFixed(0)} ms\n`);
    expect(keyIn(await mesh.file(laptopRef))).toBe(keyIn(old));
    await mesh.cluster.ready(gateways, edge);
    expect(await answered(laptop.node, DB)).toEqual([false, false]);
    expect(await flow.stop()).toMatchObject({ lost: 0 });
    await laptop.up(await mesh.file(laptopRef));
    for (const address of [...APP, ...DB]) await reaches(laptop, address);
    expect(await laptop.dns()).toEqual(APP.map((address) => `nameserver ${address}`));
    const { stdout } = await laptop.node.exec(['wg', 'show', 'wg0', 'persistent-keepalive']);
    expect(stdout.split('\t')[1]?.trim()).toBe('7');
  });

  test('the command prints the very file, and the code on the screen has the same bytes', async () => {
    const { data } = await mesh.cluster.get(secrets, { namespace, name: 'laptop-wireguard' });
    const bytes = Buffer.from(data?.['wg.conf'] ?? '', 'base64');
    const drawn = await peerwright('config', 'laptop', '--qr');
    expect(drawn).toMatchObject({ code: 0, stderr: '' });
    expect(Buffer.from(decodeQR(cameraImage(drawn.stdout)))).toEqual(bytes);
    expect(await peerwright('config', 'laptop')).toEqual({ code: 0, stdout: bytes.toString(), stderr: '' });
    expect(await peerwright('config', 'site', '--qr')).toMatchObject({ code: 1, stdout: '' });
    expect((await peerwright('config', 'site')).stdout).toMatch(/^PrivateKey = PASTE-THE-PRIVATE-KEY-HERE$/m);
  });

  test('whose Secret is deleted gets another key; the old one works no more, and nobody else notices', async () => {
    const old = { file: await mesh.file(laptopRef), key: (await mesh.cluster.get(peers, laptopRef)).status?.publicKey };
    const flow = await startPing(desk, APP[0]);
    await mesh.cluster.remove(secrets, { namespace, name: 'laptop-wireguard' });
    const isNew = async () => (await mesh.cluster.get(peers, laptopRef)).status?.publicKey !== old.key;
    const took = await timed(isNew, { what: 'there is another key' });
    process.stdout.write(`another key after ${took.toFixed(0)} ms, looked for every second\n`);
    const { status } = await mesh.cluster.ready(peers, laptopRef);
    const { uid = '' } = (await mesh.cluster.get(gateways, edge)).metadata;
    const onDevice = [...((await dumpDevice(node.node, uid))?.peers.keys() ?? [])];
    expect([onDevice.includes(old.key ?? ''), onDevice.includes(status?.publicKey ?? '')]).toEqual([false, true]);
    expect(await answered(laptop.node, APP)).toEqual([false, false]);
    await laptop.up(old.file);
    expect(await answered(laptop.node, APP)).toEqual([false, false]);
    const file = await mesh.file(laptopRef);
    expect(keyIn(file)).not.toBe(keyIn(old.file));
    await laptop.up(file);
    for (const address of APP) await reaches(laptop, address);
    expect(await flow.stop()).toMatchObject({ lost: 0 });
    expect(await violations(mesh.lab, mesh.cluster)).toEqual([]);
  });

  /** Changes the gateway, and waits until its node has it so. */
  async function decide(spec: object): Promise<void> {
    await mesh.cluster.patch(gateways, edge, { spec });
    await mesh.cluster.ready(gateways, edge);
  }

  async function peerwright(...argv: string[]) {
    const { adminKubeconfig } = mesh.lab.controlPlane;
    const env = { PATH: process.env['PATH'], HOME: mesh.lab.folder, KUBECONFIG: adminKubeconfig };
    return runCommand([join(ROOT, 'bin/peerwright'), '-n', namespace, ...argv], { env });
  }
});

/** As the guide for those who bring their own key tells. */
async function ownKey(machine: LabNode) {
  const script = 'umask 077; wg genkey > /run/own.key; wg pubkey < /run/own.key; cat /run/own.key';
  const [publicKey = '', privateKey = ''] = (await machine.exec(['sh', '-ec', script])).stdout.split('\n');
  return { publicKey, privateKey };
}

function keyIn(file: string): string | undefined {
  return /^PrivateKey = (.*)$/m.exec(file)?.[1];
}

/** Does what the file asks for. */
function withKey(file: string, privateKey: string): string {
  return file.replace(/^# Add here: PrivateKey = .*$/m, `PrivateKey = ${privateKey}`);
}

async function addRoutes(machine: LabNode, lines: readonly string[]): Promise<void> {
  const input = lines.map((line) => `route add ${line}\n`).join('');
  expect(await machine.exec(['ip', '-batch', '-'], { input })).toMatchObject({ code: 0 });
}
