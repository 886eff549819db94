import { join } from 'node:path';
import { linuxDataplane } from '../dataplane/linux.ts';
import { generateIdentity, recipientOf } from '../keys/identity.ts';
import { KubeClient } from '../kube/client.ts';
import { loadConnection } from '../kube/config.ts';
import { systemClock as clock } from '../runtime/clock.ts';
import { serveHealth } from '../runtime/http-health.ts';
import { runProcess } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import { createLog } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { readOrCreate } from '../runtime/state-file.ts';
import { withConfig } from '../runtime/with-config.ts';
import { createAgent } from './agent.ts';
import { AgentConfig } from './config.ts';
import { agentMetrics } from './metrics.ts';
import { nodeOfToken } from './node-identity.ts';

interface Source {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** `peerwright agent`: runs the WireGuard interfaces of one node. */
export async function main({ argv, env }: Source): Promise<number> {
  const source = { program: 'peerwright agent', argv, env, schema: AgentConfig, terminal: process };
  return withConfig(source, async (config) => {
    const log = createLog({ level: config.logLevel, format: config.logFormat });
    return runProcess('agent', (signal) => run({ config, env, log }, signal), { log, events: process });
  });
}

interface Start {
  readonly config: AgentConfig;
  readonly env: NodeJS.ProcessEnv;
  readonly log: Log;
}

async function run({ config, env, log }: Start, signal: AbortSignal): Promise<void> {
  const registry = createMetrics();
  const metrics = agentMetrics(registry, () => clock.now());
  const connection = await loadConnection({ kubeconfig: config.kubeconfig, env });
  const node = nodeOfToken(await connection.credentials.token());
  const identity = await readOrCreate(join(config.stateDir, 'identity'), generateIdentity);
  const recipient = await recipientOf(identity);
  const client = new KubeClient({ connection, userAgent: 'peerwright-agent', onRequest: metrics.request });
  const dataplane = linuxDataplane({ userspaceFolder: config.userspaceDir });
  const { namespace } = config;
  const cluster = { client, apiServer: connection.server, namespace };
  const agent = createAgent({ node, identity, recipient, ...cluster, dataplane, metrics, clock, log });
  const where = { host: config.healthAddress, port: config.healthPort };
  const health = await serveHealth(where, { checks: agent.checks, metrics: registry, signal });
  log.info({ node, recipient, health, server: connection.server }, 'agent started');
  try {
    await agent.run(signal);
  } finally {
    await client.close();
  }
}
