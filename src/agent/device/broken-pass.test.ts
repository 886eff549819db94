import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ConfiguredGateway } from '../../api/v1alpha1/node-config.ts';
import { generateIdentity } from '../../keys/identity.ts';
import type { DeviceName, PublicKey } from '../../mesh/model.ts';
import type { Secret } from '../../runtime/secret.ts';
import { A, B, EDGE, gatewayOf, peerOf } from './gateway.testing.ts';
import { TestNode } from './node.testing.ts';

let identity: Secret;
let edge: ConfiguredGateway;
let node: TestNode;

beforeAll(async () => {
  identity = await generateIdentity();
  edge = await gatewayOf('edge', { uid: '11111111-0000', octet: 90, identity });
});

beforeEach(() => {
  node = new TestNode(identity);
});

const onDevice = (device: DeviceName) => node.dataplane.devices.get(device);
const peersOn = (device: DeviceName) => [...(onDevice(device)?.peers.keys() ?? [])];

describe('a pass that breaks off', () => {
  const site = (uid: string, key: PublicKey, routes: string[]) => peerOf(uid, key, { routes });
  const ROUTE = '192.168.7.0/24';

  it('keeps what it saw last when a look at the device breaks off', async () => {
    node.configure(edge);
    node.sync(EDGE, peerOf('a', A));
    await node.pass(EDGE);
    node.dataplane.read = () => Promise.reject(new Error('ip is gone'));
    await expect(node.pass(EDGE)).rejects.toThrow('ip is gone');
    expect(node.observations.get(EDGE)).toMatchObject({ problems: [{ code: 'DeviceFailed' }], settled: false });
    expect(node.observations.get(EDGE)?.device?.peers.has(A)).toBe(true);
  });

  it('goes on revoking peers and their routes while the node itself cannot be looked at', async () => {
    node.configure(edge);
    node.sync(EDGE, peerOf('a', A), site('b', B, [ROUTE]));
    await node.pass(EDGE);
    node.dataplane.forwarding = () => Promise.reject(new Error('no /proc'));
    node.apply(EDGE, peerOf('a', A, { state: 'Disabled' }), site('b', B, []));
    await expect(node.pass(EDGE)).rejects.toThrow('no /proc');
    expect(peersOn(EDGE)).toEqual([B]);
    expect(onDevice(EDGE)?.peers.get(B)?.allowedIPs).toEqual(['10.90.0.11/32']);
  });

  it.each([
    [
      'the firewall',
      'nft prints nonsense',
      () => (node.dataplane.firewall = () => Promise.reject(new Error('nft prints nonsense'))),
    ],
    [
      'the port',
      'too many open files',
      () => (node.dataplane.portHolder = () => Promise.reject(new Error('too many open files'))),
    ],
  ])('has revoked peers all the same when it was about %s', async (_, why, breakIt) => {
    node.configure(edge);
    node.sync(EDGE, peerOf('a', A), site('b', B, [ROUTE]));
    await node.pass(EDGE);
    breakIt();
    node.configure({ ...edge, listenPort: 51_999, routes: ['10.0.0.0/16'] });
    node.apply(EDGE, peerOf('a', A, { state: 'Disabled' }));
    await expect(node.pass(EDGE)).rejects.toThrow(why);
    expect(peersOn(EDGE)).toEqual([B]);
    expect(onDevice(EDGE)?.peers.get(B)?.allowedIPs).toContain(ROUTE);
  });

  it('takes nothing from who got it before that', async () => {
    node.configure(edge);
    node.sync(EDGE, site('a', A, [ROUTE]), site('b', B, []));
    await node.pass(EDGE);
    node.apply(EDGE, site('a', A, []), site('b', B, [ROUTE]));
    const working = node.dataplane.apply.bind(node.dataplane);
    node.dataplane.apply = async (...args) => {
      await working(...args);
      node.dataplane.apply = working;
      throw new Error('wg was killed');
    };
    await expect(node.pass(EDGE)).rejects.toThrow('wg was killed');
    expect(onDevice(EDGE)?.peers.get(B)?.allowedIPs).toContain(ROUTE);
  });
});
