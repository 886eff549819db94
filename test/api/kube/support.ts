import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { KubeClient } from '../../../src/kube/client.ts';
import { type Connection, loadConnection } from '../../../src/kube/config.ts';
import { type KubeObject, resource } from '../../../src/kube/object.ts';
import { namespaces } from '../../../src/kube/resources.ts';
import type { Projected } from '../../../src/kube/store.ts';
import { type ControlPlane, startControlPlane } from '../../../tools/lab/control-plane.ts';

export interface Api {
  readonly plane: ControlPlane;
  readonly connection: Connection;
  /** As administrator. */
  readonly client: KubeClient;
  stop(): Promise<void>;
}

/** A real kube-apiserver with etcd. */
export async function startApi(): Promise<Api> {
  const parent = await mkdtemp(join(tmpdir(), 'peerwright-kube-'));
  const plane = await startControlPlane({ folder: join(parent, 'cluster') });
  const connection = await loadConnection({ kubeconfig: plane.adminKubeconfig, env: {} });
  const client = new KubeClient({ connection });
  const stop = async () => {
    await client.close();
    await plane.stop();
    await rm(parent, { recursive: true, force: true });
  };
  return { plane, connection, client, stop };
}

export interface ConfigMap extends KubeObject {
  data?: Record<string, string>;
}

export const configMaps = resource<ConfigMap>({
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
});

export interface ConfigMapView extends Projected {
  readonly data: Readonly<Record<string, string>>;
}

export function viewOf({ metadata, data = {} }: ConfigMap): ConfigMapView {
  const { namespace = '', name, uid = '', resourceVersion = '' } = metadata;
  return { namespace, name, uid, resourceVersion, data };
}

/** Of this test: aborted when it is over. */
export function testSignal(): AbortSignal {
  const over = new AbortController();
  onTestFinished(() => over.abort(new Error('the test is over')));
  return over.signal;
}

let made = 0;

/** A namespace of the test's own. */
export async function newNamespace({ client }: Api, signal: AbortSignal): Promise<string> {
  made += 1;
  const name = `kube-${process.pid}-${made}`;
  await client.create(namespaces, { metadata: { name } }, { signal });
  return name;
}

/** Stops the API server's process in its tracks, its connections open, until the result is called or the test is over. */
export function freeze({ plane }: Api): () => void {
  const pid = plane.pids.apiServer;
  if (pid === undefined) throw new Error('the API server does not run');
  process.kill(pid, 'SIGSTOP');
  const wake = () => {
    process.kill(pid, 'SIGCONT');
  };
  onTestFinished(wake);
  return wake;
}

/** Polls a condition of the outer world; rejects after `seconds`. */
export async function until(what: string, holds: () => Promise<boolean> | boolean, seconds = 30): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
