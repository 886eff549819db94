import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { resolveKubernetes } from '../../tools/kubernetes/resolve.ts';
import { startControlPlane, type ControlPlane } from '../../tools/lab/control-plane.ts';
import { agentCredentials, createNode, install, operatorCredentials } from '../../tools/lab/identity.ts';

let parent: string;
let folder: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'peerwright-control-plane-'));
  folder = join(parent, 'cluster');
});
afterEach(() => rm(parent, { recursive: true, force: true }));

const isAlive = (pid: number | undefined): boolean => existsSync(`/proc/${pid}`);

describe('a control plane', () => {
  test('serves the version that was resolved, keeps its data over a crash, and leaves nothing', async () => {
    const cluster = await startControlPlane({ folder });
    const { etcd, apiServer: first } = cluster.pids;
    try {
      const version = JSON.parse((await cluster.kubectl(['get', '--raw', '/version'])).stdout);
      expect(version.gitVersion).toBe(cluster.kubernetes.version);

      expect(await cluster.kubectl(['create', 'namespace', 'kept'])).toMatchObject({ code: 0 });
      await cluster.restartApiServer();
      expect(cluster.pids.apiServer).not.toBe(first);
      expect(isAlive(first)).toBe(false);
      expect(await cluster.kubectl(['get', 'namespace', 'kept', '-o', 'name'])).toMatchObject({
        code: 0,
        stdout: 'namespace/kept\n',
      });
    } finally {
      await cluster.stop();
    }
    expect([etcd, first].map(isAlive)).toEqual([false, false]);
    expect(cluster.pids).toEqual({ etcd: undefined, apiServer: undefined });
    expect(existsSync(folder)).toBe(false);
  });

  test('refuses an unknown token, and reads objects from standard input', async () => {
    await using cluster = await startControlPlane({ folder });
    const stranger = await cluster.kubeconfig('stranger', { token: 'unknown' });
    const refused = await cluster.kubectl(['get', 'namespaces'], { kubeconfig: stranger });
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('You must be logged in') });

    const stdin = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'from-stdin' } });
    expect(await cluster.kubectl(['apply', '-f', '-'], { stdin })).toMatchObject({ code: 0 });
  });

  test('that cannot start says so with the end of the log, and leaves nothing', async () => {
    const kubernetes = await resolveKubernetes({ env: process.env, log: () => undefined });
    const etcd = join(parent, 'etcd');
    await writeFile(etcd, '#!/bin/sh\necho the disk is full\nexit 3\n');
    await chmod(etcd, 0o755);
    await expect(startControlPlane({ folder, kubernetes: { ...kubernetes, etcd } })).rejects.toThrow(
      /etcd ended early \(exit code 3\)[\s\S]*the disk is full/,
    );
    expect(existsSync(folder)).toBe(false);
  });

  test('that is aborted while it starts leaves nothing', async () => {
    const reason = new Error('Ctrl-C');
    const abort = new AbortController();
    const starting = startControlPlane({ folder, signal: abort.signal });
    abort.abort(reason);
    await expect(starting).rejects.toBe(reason);
    expect(existsSync(folder)).toBe(false);
  });

  test('does not touch a folder that holds something', async () => {
    await writeFile(join(parent, 'mine'), 'kept');
    await expect(startControlPlane({ folder: parent })).rejects.toThrow('is not empty');
    expect(existsSync(join(parent, 'mine'))).toBe(true);
  });

  test('gives agents and operators tokens bound to pods, under the shipped rights', async () => {
    await using cluster = await startControlPlane({ folder });
    await install(cluster);
    const uid = await createNode(cluster, {
      name: 'n1',
      labels: { zone: 'a' },
      internalIP: ['192.0.2.1', '2001:db8::1'],
      podCIDRs: ['10.244.0.0/24'],
    });
    const node = JSON.parse((await cluster.kubectl(['get', 'node', 'n1', '-o', 'json'])).stdout);
    expect(node.metadata).toMatchObject({ uid, labels: { zone: 'a' } });
    expect(node.spec.taints).toBeUndefined();
    expect(node.status.addresses).toContainEqual({ type: 'InternalIP', address: '2001:db8::1' });

    const agent = await agentCredentials(cluster, 'n1');
    expect((await stat(agent.tokenFile)).mode & 0o777).toBe(0o600);
    expect(await whoAmI(cluster, agent.kubeconfig)).toMatchObject({
      username: 'system:serviceaccount:peerwright-agents:peerwright-agent',
      extra: {
        'authentication.kubernetes.io/node-name': ['n1'],
        'authentication.kubernetes.io/node-uid': [uid],
        'authentication.kubernetes.io/pod-uid': [agent.podUid],
      },
    });
    const secrets = await cluster.kubectl(['get', 'secrets', '-A'], { kubeconfig: agent.kubeconfig });
    expect(secrets).toMatchObject({ code: 1, stderr: expect.stringContaining('Forbidden') });

    const operator = await operatorCredentials(cluster);
    const gateways = await cluster.kubectl(['get', 'wireguardgateways', '-A'], { kubeconfig: operator.kubeconfig });
    expect(gateways).toMatchObject({ code: 0 });
  });
});

async function whoAmI(cluster: ControlPlane, kubeconfig: string): Promise<unknown> {
  const { stdout } = await cluster.kubectl(['auth', 'whoami', '-o', 'json'], { kubeconfig });
  return JSON.parse(stdout).status.userInfo;
}
