import { randomUUID } from 'node:crypto';
import { KubeClient } from '../kube/client.ts';
import { loadConnection } from '../kube/config.ts';
import { EventWriter } from '../kube/events.ts';
import { LeaderElection } from '../kube/lease.ts';
import { systemClock as clock } from '../runtime/clock.ts';
import { serveHealth } from '../runtime/http-health.ts';
import { runProcess } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import { createLog } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { withConfig } from '../runtime/with-config.ts';
import { OperatorConfig } from './config.ts';
import { operatorMetrics } from './metrics.ts';
import { createOperator } from './operator.ts';

interface Source {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** `peerwright operator`: decides keys, addresses, placement and status of gateways and peers. */
export async function main({ argv, env }: Source): Promise<number> {
  const source = { program: 'peerwright operator', argv, env, schema: OperatorConfig, terminal: process };
  return withConfig(source, async (config) => {
    const log = createLog({ level: config.logLevel, format: config.logFormat });
    return runProcess('operator', (signal) => run({ config, env, log }, signal), { log, events: process });
  });
}

interface Start {
  readonly config: OperatorConfig;
  readonly env: NodeJS.ProcessEnv;
  readonly log: Log;
}

async function run({ config, env, log }: Start, signal: AbortSignal): Promise<void> {
  const registry = createMetrics();
  const metrics = operatorMetrics(registry);
  const connection = await loadConnection({ kubeconfig: config.kubeconfig, env });
  const client = new KubeClient({ connection, userAgent: 'peerwright-operator', onRequest: metrics.request });
  const identity = config.identity || `${env['HOSTNAME'] ?? 'operator'}_${randomUUID()}`;
  const lease = { namespace: config.namespace, name: 'peerwright-operator', identity };
  const election = new LeaderElection({ client, clock, log, ...lease, onChange: metrics.leading });
  const writer = config.leaderElect ? client.guarded(election.assertLeading) : client;
  const reporting = { controller: 'peerwright.dev/operator', instance: identity.slice(0, 128) };
  const events = new EventWriter({ client: writer, clock, log, ...reporting, onDropped: metrics.eventDropped });
  const apiServer = [new URL(connection.server).hostname.replace(/^\[|\]$/g, '')];
  const operator = createOperator({ config, client, writer, events, metrics, log, clock, apiServer });

  const checks = { synced: () => operator.unsynced().length === 0 };
  const health = await serveHealth(
    { host: config.healthAddress, port: config.healthPort },
    { checks, metrics: registry, signal },
  );
  log.info({ identity, health, server: connection.server }, 'operator started');
  const working = config.leaderElect ? election.run({ onStarted: operator.lead }, signal) : operator.lead(signal);
  try {
    await Promise.all([operator.follow(signal), working]);
  } finally {
    await events.close();
    await client.close();
  }
}
