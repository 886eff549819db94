import { createServer, type Server, type ServerResponse } from 'node:http';
import { PeerwrightError } from './error.ts';
import type { Metrics } from './metrics.ts';

export interface HealthOptions {
  /** The address to bind to; default loopback. */
  readonly host?: string;
  /** 0 chooses a free one. */
  readonly port: number;
}

export interface HealthDeps {
  /** By name: whether this part is ready. The process is ready when all are. */
  readonly checks: Readonly<Record<string, () => boolean>>;
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>;
  /** Closes the server with all its connections. */
  readonly signal: AbortSignal;
}

/**
 * Serves `/healthz` (the process answers), `/readyz` (200, or 503 with the names of what is not ready) and `/metrics`.
 * Resolves with the address once it listens; throws `ListenFailed`.
 */
export async function serveHealth(
  { host = '127.0.0.1', port }: HealthOptions,
  deps: HealthDeps,
): Promise<{ readonly host: string; readonly port: number }> {
  const server = createServer({ requestTimeout: 5_000 }, (request, response) => {
    void respond(request.url ?? '', request.method ?? '', deps).then((answer) => send(response, answer));
  });
  await listening(server, { host, port });
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  if (deps.signal.aborted) close();
  else deps.signal.addEventListener('abort', close, { once: true });
  const bound = server.address();
  return { host, port: typeof bound === 'object' && bound !== null ? bound.port : port };
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly type?: string;
}

async function respond(url: string, method: string, { checks, metrics }: HealthDeps): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, text: 'only GET\n' };
  switch (url.replace(/\?.*/, '')) {
    case '/healthz':
      return { status: 200, text: 'ok\n' };
    case '/readyz':
      return readiness(checks);
    case '/metrics':
      return await metricsText(metrics);
    default:
      return { status: 404, text: 'not found: /healthz, /readyz or /metrics\n' };
  }
}

function readiness(checks: HealthDeps['checks']): Answer {
  const failing = Object.keys(checks).filter((name) => checks[name]?.() !== true);
  return failing.length === 0
    ? { status: 200, text: 'ok\n' }
    : { status: 503, text: `not ready: ${failing.join(', ')}\n` };
}

async function metricsText({ text, contentType }: HealthDeps['metrics']): Promise<Answer> {
  try {
    return { status: 200, text: await text(), type: contentType };
  } catch (error) {
    return { status: 500, text: `metrics failed: ${error instanceof Error ? error.message : 'unknown'}\n` };
  }
}

function send(response: ServerResponse, { status, text, type = 'text/plain; charset=utf-8' }: Answer): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text);
}

function listening(server: Server, { host, port }: Required<HealthOptions>): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', (cause) =>
    reject(
      new PeerwrightError('ListenFailed', `Cannot listen on ${host} port ${port}`, {
        cause,
      }),
    ),
  );
  server.listen({ host, port }, resolve);
  return promise;
}
