import type { Dispatcher, Pool } from 'undici';
import type { Connection } from './config.ts';
import { createPool } from './connect.ts';
import { isUnauthorized, KubeError, KubeErrorCode } from './errors.ts';
import { errorOf, unreachable } from './status.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One HTTP call to the API server. */
export interface RawRequest {
  readonly method: Method;
  /** With its query, such as `/api/v1/nodes?limit=1`. */
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal: AbortSignal;
  /** Until the whole answer is there. Default 30 s. */
  readonly timeoutMs?: number;
  /** What an error says was asked, such as `get leases net/edge`. */
  readonly what: string;
  /** See `Refusal.secret`. */
  readonly secret?: boolean;
}

export interface TransportOptions {
  readonly connection: Connection;
  /** Requests in flight at most. */
  readonly connections: number;
  readonly userAgent: string;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/** Keep-alive connections to one API server: a bounded pool for calls, a separate one for watches. */
export class Transport {
  readonly #connection: Connection;
  /** Of an API server behind another one, such as `/k8s/clusters/c-1`; empty otherwise. */
  readonly #prefix: string;
  readonly #calls: Pool;
  readonly #watches: Pool;
  readonly #userAgent: string;

  constructor(options: TransportOptions) {
    this.#connection = options.connection;
    this.#prefix = new URL(options.connection.server).pathname.replace(/\/+$/, '');
    this.#userAgent = options.userAgent;
    this.#calls = createPool(options.connection, { connections: options.connections });
    this.#watches = createPool(options.connection, { probe: true });
  }

  /** Resolves to the parsed body of a success. Throws KubeError, or the signal's reason when the caller aborted. */
  call(request: RawRequest): Promise<unknown> {
    return withTimeout(request, (signal) =>
      this.#authorized({ ...request, signal }, { pool: this.#calls, read: readJson }),
    );
  }

  /** Resolves when the answer's head is there; the body then lives until `request.signal` aborts. */
  open(request: RawRequest): Promise<AsyncIterable<Buffer> & { destroy(): unknown }> {
    return this.#authorized(request, { pool: this.#watches, read: ({ body }) => Promise.resolve(body) });
  }

  async close(): Promise<void> {
    await Promise.all([this.#calls.destroy(), this.#watches.destroy()]);
  }

  /** A 401 is answered once by obtaining the credentials anew: a rotated token. */
  async #authorized<R>(request: RawRequest, how: How<R>): Promise<R> {
    try {
      return await this.#repeatable(request, how);
    } catch (error) {
      if (!isUnauthorized(error) || request.signal.aborted) throw error;
      await this.#connection.credentials.refresh();
      return this.#repeatable(request, how);
    }
  }

  /** A GET whose kept-alive connection had just been closed by the server is asked once more: it changes nothing. */
  async #repeatable<R>(request: RawRequest, how: How<R>): Promise<R> {
    try {
      return await this.#once(request, how);
    } catch (error) {
      if (request.method !== 'GET' || !wasReset(error)) throw error;
      return this.#once(request, how);
    }
  }

  async #once<R>(request: RawRequest, how: How<R>): Promise<R> {
    const token = await this.#connection.credentials.token();
    request.signal.throwIfAborted();
    try {
      const response = await how.pool.request({
        method: request.method,
        path: this.#prefix + request.path,
        headers: this.#headers(request, token),
        body: request.body === undefined ? null : JSON.stringify(request.body),
        signal: request.signal,
      });
      if (response.statusCode >= 300) throw await refused(request, response);
      return await how.read(response, request);
    } catch (error) {
      request.signal.throwIfAborted();
      throw error instanceof KubeError ? error : unreachable(request.what, error);
    }
  }

  #headers(request: RawRequest, token: string | undefined): Record<string, string> {
    return {
      accept: 'application/json',
      'user-agent': this.#userAgent,
      ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
  }
}

interface How<R> {
  readonly pool: Pool;
  readonly read: (response: Dispatcher.ResponseData, request: RawRequest) => Promise<R>;
}

async function readJson(response: Dispatcher.ResponseData, request: RawRequest): Promise<unknown> {
  const text = await response.body.text();
  const parsed = parse(text);
  if (parsed !== undefined) return parsed;
  throw new KubeError({
    code: KubeErrorCode.badResponse,
    message: `${request.what}: the answer is not JSON`,
    status: response.statusCode,
    reason: '',
  });
}

/** No error of JSON.parse leaves: its message quotes the text, which may be a Secret. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function refused(request: RawRequest, response: Dispatcher.ResponseData): Promise<KubeError> {
  const text = await response.body.text();
  const retryAfter = response.headers['retry-after'];
  return errorOf({
    status: response.statusCode,
    body: parse(text),
    retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
    what: request.what,
    secret: request.secret === true,
  });
}

function wasReset(error: unknown): boolean {
  return error instanceof KubeError && (error.reason === 'ECONNRESET' || error.reason === 'UND_ERR_SOCKET');
}

/** Aborts the call when time is up, which is told apart from an abort by the caller. */
async function withTimeout<R>(request: RawRequest, call: (signal: AbortSignal) => Promise<R>): Promise<R> {
  request.signal.throwIfAborted();
  const timeoutMs = request.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const inner = new AbortController();
  const abort = () => inner.abort(request.signal.reason);
  const timer = setTimeout(() => inner.abort(timedOut(request.what, timeoutMs)), timeoutMs);
  request.signal.addEventListener('abort', abort, { once: true });
  try {
    return await call(inner.signal);
  } finally {
    clearTimeout(timer);
    request.signal.removeEventListener('abort', abort);
  }
}

function timedOut(what: string, timeoutMs: number): KubeError {
  return new KubeError({
    code: KubeErrorCode.timeout,
    message: `${what}: no answer within ${timeoutMs} ms`,
    status: 0,
    reason: 'ClientTimeout',
  });
}
