import { buildConnector, Pool } from 'undici';
import type { Connection } from './config.ts';
import type { ClientCertificate } from './credentials.ts';

/** Go's API server closes idle connections after 90 s; going first avoids writing into a closing one. */
const IDLE_MS = 55_000;
const CONNECT_TIMEOUT_MS = 10_000;

export interface PoolOptions {
  /** Largest number of connections, hence of requests in flight; undefined means no limit. */
  readonly connections?: number;
  /** Ask the peer's kernel every second whether it is there, and give up after three misses: a dead path shows in 3.5 s. */
  readonly probe?: boolean;
}

/** A keep-alive HTTP/1.1 pool to the API server. Not HTTP/2: undici does not notice when a session's peer is gone. */
export function createPool(connection: Connection, options: PoolOptions): Pool {
  return new Pool(new URL(connection.server).origin, {
    connect: connector(connection, options.probe === true),
    connections: options.connections ?? null,
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: IDLE_MS,
    // Every call has its own time limit; an idle watch is quiet for longer than any default.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}

/** Takes the certificate that is current when a connection is opened. */
function connector(connection: Connection, probe: boolean): buildConnector.connector {
  let current: { certificate: ClientCertificate | undefined; connect: buildConnector.connector } | undefined;
  return (options, callback) => {
    const certificate = connection.credentials.certificate();
    if (current === undefined || current.certificate?.cert !== certificate?.cert) {
      current = { certificate, connect: build(connection, certificate) };
    }
    current.connect(options, (...result) => {
      if (probe) result[1]?.setKeepAlive(true, 1000, 1000, 3);
      callback(...result);
    });
  };
}

function build(connection: Connection, certificate: ClientCertificate | undefined): buildConnector.connector {
  return buildConnector({
    allowH2: false,
    timeout: CONNECT_TIMEOUT_MS,
    ...(connection.ca === undefined ? {} : { ca: connection.ca }),
    ...(connection.serverName === undefined ? {} : { servername: connection.serverName }),
    ...(connection.insecure === true ? { rejectUnauthorized: false } : {}),
    ...(certificate === undefined ? {} : { cert: certificate.cert, key: certificate.key }),
  });
}
