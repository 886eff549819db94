import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { parse } from 'yaml';
import type { Kind } from '../../../src/api/kind.ts';
import { KINDS } from '../../../src/api/v1alpha1/index.ts';
import { startControlPlane, type ControlPlane } from '../../../tools/lab/control-plane.ts';
import type { Case, Sample } from './case.ts';

/** What is wrong; `field` is empty for the object as a whole, keys of maps are written like fields. */
export interface Cause {
  readonly field: string;
  readonly message: string;
}

/** A control plane with the shipped CRDs, and how to ask it. */
export interface TestServer extends AsyncDisposable {
  readonly cluster: ControlPlane;
  readonly server: Server;
}

export async function startServer(): Promise<TestServer> {
  const parent = await mkdtemp(join(tmpdir(), 'peerwright-parity-'));
  const cluster = await startControlPlane({ folder: join(parent, 'cluster') });
  const server = await Server.of(cluster);
  const stop = async () => {
    await server[Symbol.asyncDispose]();
    await cluster.stop();
    await rm(parent, { recursive: true, force: true });
  };
  try {
    const crds = join(import.meta.dirname, '../../../crds');
    const applied = await cluster.kubectl(['apply', '--server-side', '-f', crds]);
    if (applied.code !== 0) throw new Error(applied.stderr);
    for (const kind of KINDS) await server.waitFor(kind);
    return { cluster, server, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Asks a real API server, without a client of ours in between. */
export class Server implements AsyncDisposable {
  readonly #pool: Pool;
  readonly #token: string;

  constructor(pool: Pool, token: string) {
    this.#pool = pool;
    this.#token = token;
  }

  static async of(cluster: ControlPlane): Promise<Server> {
    const kubeconfig = parse(await readFile(cluster.adminKubeconfig, 'utf8'));
    const pool = new Pool(cluster.server, { connect: { ca: await readFile(cluster.caFile, 'utf8') }, connections: 8 });
    return new Server(pool, kubeconfig.users[0].user.token);
  }

  /** For about a second after a CRD was created its kind answers 404, then 429. */
  async waitFor(kind: Kind): Promise<void> {
    const deadline = Date.now() + 20_000;
    let answer = await this.request('GET', collection(kind));
    while (answer.status !== 200) {
      if (Date.now() > deadline) throw new Error(`${kind.plural} answers ${answer.status} ${answer.body.message}`);
      await sleep(50);
      answer = await this.request('GET', collection(kind));
    }
  }

  /** Empty when the server would create the object. */
  async judgeCreation(kind: Kind, sample: Sample): Promise<readonly Cause[]> {
    const { status, body } = await this.request('POST', `${collection(kind)}?dryRun=All`, whole(kind, sample));
    return causes(status, body);
  }

  /** Empty when the server would change `old` into `sample`. */
  async judgeChange(kind: Kind, old: Sample, sample: Sample): Promise<readonly Cause[]> {
    const path = `${collection(kind)}/${old.metadata.name}`;
    const created = await this.request('POST', collection(kind), whole(kind, old));
    if (created.status !== 201) throw new Error(`the old object is bad: ${JSON.stringify(created.body)}`);
    try {
      const { resourceVersion } = created.body.metadata;
      const changed = { ...whole(kind, sample), metadata: { ...sample.metadata, resourceVersion } };
      const { status, body } = await this.request('PUT', `${path}?dryRun=All`, changed);
      return causes(status, body);
    } finally {
      await this.request('DELETE', path);
    }
  }

  /** Empty when the server would give the object, created without it, this status. */
  async judgeStatus(kind: Kind, sample: Sample): Promise<readonly Cause[]> {
    const path = `${collection(kind)}/${sample.metadata.name}`;
    const { status, ...bare } = whole(kind, sample);
    const created = await this.request('POST', collection(kind), bare);
    if (created.status !== 201) throw new Error(`the object is bad: ${JSON.stringify(created.body)}`);
    try {
      const answer = await this.request('PUT', `${path}/status?dryRun=All`, { ...created.body, status });
      return causes(answer.status, answer.body);
    } finally {
      await this.request('DELETE', path);
    }
  }

  /** The judgement of whatever the sample is. */
  judge(kind: Kind, { object, old, isStatus }: Case): Promise<readonly Cause[]> {
    if (isStatus) return this.judgeStatus(kind, object);
    return old === undefined ? this.judgeCreation(kind, object) : this.judgeChange(kind, old, object);
  }

  async request(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, object?: object) {
    const answer = await this.#pool.request({
      method,
      path,
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
      body: object === undefined ? null : JSON.stringify(object),
    });
    const text = await answer.body.text();
    return { status: answer.statusCode, body: text.startsWith('{') ? JSON.parse(text) : { message: text } };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#pool.destroy();
  }
}

export function collection(kind: Kind): string {
  return `/apis/${kind.group}/${kind.version}/namespaces/default/${kind.plural}`;
}

export function whole(kind: Kind, sample: Sample): Sample {
  return { apiVersion: `${kind.group}/${kind.version}`, kind: kind.kind, ...sample };
}

function causes(status: number, body: { message?: string; details?: { causes?: Partial<Cause>[] } }): readonly Cause[] {
  if (status < 300) return [];
  if (status !== 422) throw new Error(`neither yes nor no: ${status} ${body.message}`);
  return (body.details?.causes ?? []).map(({ field = '', message = '' }) => ({
    field: field === '<nil>' ? '' : field.replace(/\[([^\]\d][^\]]*)\]/g, '.$1'),
    message,
  }));
}
