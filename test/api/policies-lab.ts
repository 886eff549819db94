import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { parse } from 'yaml';
import { startControlPlane } from '../../tools/lab/control-plane.ts';
import { agentCredentials, createNode, install, operatorCredentials } from '../../tools/lab/identity.ts';

export interface Answer {
  readonly status: number;
  /** The message of a Status, else empty. */
  readonly message: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- any object of the API
  readonly body: any;
}

/** `GET|POST|PUT|PATCH|DELETE path`; a patch is a merge patch. */
export type Caller = (call: string, body?: object) => Promise<Answer>;

/** A real control plane with what is shipped applied to it, and callers with tokens of their own. */
export interface PolicyLab extends AsyncDisposable {
  readonly admin: Caller;
  /** Somebody the administrator speaks for: has what RBAC gives to that name. */
  readonly user: (name: string) => Caller;
  /** An agent whose token is bound to a pod on that node. */
  readonly agent: (node: string) => Promise<Caller>;
  /** An agent whose token is bound to no pod. */
  readonly unboundAgent: () => Promise<Caller>;
  /** An operator whose token is bound to a pod. */
  readonly operator: () => Promise<Caller>;
  /** Creates a Node; resolves to its uid. */
  readonly node: (name: string) => Promise<string>;
}

export async function startPolicyLab(): Promise<PolicyLab> {
  const cluster = await startControlPlane({ folder: await mkdtemp(join(tmpdir(), 'peerwright-policies-')) });
  const dispatcher = new Agent({ connect: { ca: await readFile(cluster.caFile) } });
  const stop = async (): Promise<void> => {
    await dispatcher.close();
    await cluster.stop();
  };
  const caller =
    (token: string, headers: Record<string, string> = {}): Caller =>
    (call, body) => {
      const space = call.indexOf(' ');
      const authorized = { ...headers, authorization: `Bearer ${token}` };
      const url = `${cluster.server}${call.slice(space + 1)}`;
      return send(dispatcher, url, { method: call.slice(0, space), headers: authorized, body });
    };
  const read = async (tokenFile: string) => caller(await readFile(tokenFile, 'utf8'));
  try {
    await install(cluster);
    const adminToken: string = parse(await readFile(cluster.adminKubeconfig, 'utf8')).users[0].user.token;
    const admin = caller(adminToken);
    return {
      admin,
      user: (name) => caller(adminToken, { 'impersonate-user': name }),
      agent: async (node) => read((await agentCredentials(cluster, node)).tokenFile),
      unboundAgent: async () => caller(await unboundToken(admin)),
      operator: async () => read((await operatorCredentials(cluster)).tokenFile),
      node: (name) => createNode(cluster, { name, internalIP: '192.0.2.10' }),
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Asks again until the answer is as wanted; for what becomes true by itself, such as a new policy being in use. */
export async function eventually(ask: () => Promise<Answer>, wanted: (answer: Answer) => boolean): Promise<Answer> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (performance.now() > deadline) throw new Error(`still ${answer.status}: ${answer.message}`);
    await sleep(50);
  }
}

/** The object in the answer; throws with the reason when the request was refused. */
export function created({ status, message, body }: Answer): Answer['body'] {
  if (status >= 300) throw new Error(`${status}: ${message}`);
  return body;
}

interface Sent {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: object | undefined;
}

async function send(dispatcher: Agent, url: string, { method, headers, body }: Sent): Promise<Answer> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  const reply = await request(url, {
    dispatcher,
    method,
    headers: { ...headers, 'content-type': type, accept: 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await reply.body.text();
  const parsed = text.startsWith('{') ? JSON.parse(text) : {};
  return { status: reply.statusCode, message: parsed.kind === 'Status' ? (parsed.message ?? '') : '', body: parsed };
}

async function unboundToken(admin: Caller): Promise<string> {
  const account = '/api/v1/namespaces/peerwright-agents/serviceaccounts/peerwright-agent';
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } };
  return created(await admin(`POST ${account}/token`, review)).status.token;
}
