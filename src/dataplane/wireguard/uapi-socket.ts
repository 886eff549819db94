import { createConnection } from 'node:net';
import { PeerwrightError } from '../../runtime/error.ts';

export interface UapiRequest {
  readonly path: string;
  /** Lines of a `get=1` or `set=1` request, without the empty line at its end. May hold a private key. */
  readonly lines: readonly string[];
  readonly signal: AbortSignal;
}

/** WireGuard answered with an errno, such as -98 for a port in use. */
export class UapiRefused extends PeerwrightError {
  override readonly name: string = 'UapiRefused';
  readonly errno: number;

  constructor(errno: number) {
    super('UapiRefused', `WireGuard refused the change: ${ERRNO[errno] ?? `errno ${errno}`}`);
    this.errno = errno;
  }
}

/**
 * One request and its answer over the cross-platform userspace protocol
 * (https://www.wireguard.com/xplatform/#configuration-protocol). `onLine` gets `key=value` lines as they arrive.
 * Throws UapiRefused for an errno other than 0, UapiUnreachable when nobody answers within 10 seconds.
 */
export async function uapi(request: UapiRequest, onLine: (key: string, value: string) => void): Promise<void> {
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(10_000)]);
  signal.throwIfAborted();
  const socket = createConnection(request.path);
  const abort = () => socket.destroy();
  signal.addEventListener('abort', abort, { once: true });
  try {
    socket.setEncoding('utf8');
    socket.write(`${request.lines.join('\n')}\n\n`);
    finish(await readAnswer(socket, onLine));
  } catch (error) {
    if (request.signal.aborted) throw request.signal.reason;
    throw error instanceof UapiRefused ? error : unreachable(error);
  } finally {
    signal.removeEventListener('abort', abort);
    socket.destroy();
  }
}

/** Whether somebody listens at the socket: a wireguard-go that is alive. */
export async function answers(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = createConnection(path);
  socket.once('connect', () => resolve(true));
  socket.once('error', () => resolve(false));
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

/** The errno, which is the last line of every answer; undefined when the connection ended before it. */
async function readAnswer(
  socket: AsyncIterable<string>,
  onLine: (key: string, value: string) => void,
): Promise<number | undefined> {
  let rest = '';
  for await (const chunk of socket) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const at = line.indexOf('=');
      const [key, value] = [line.slice(0, at), line.slice(at + 1)];
      if (key === 'errno') return Number(value);
      if (at > 0) onLine(key, value);
    }
  }
  return undefined;
}

function finish(errno: number | undefined): void {
  if (errno === undefined) throw new Error('the connection ended without an answer');
  if (errno !== 0) throw new UapiRefused(errno);
}

function unreachable(cause: unknown): PeerwrightError {
  const why = cause instanceof Error ? cause.message : 'no answer';
  return new PeerwrightError('UapiUnreachable', `The userspace WireGuard does not answer: ${why}`, { cause });
}

/** errno(3) of Linux, negated as the protocol has it. */
const ERRNO: Readonly<Record<number, string>> = {
  [-1]: 'operation not permitted',
  [-5]: 'input/output error',
  [-12]: 'out of memory',
  [-13]: 'permission denied',
  [-22]: 'invalid value',
  [-71]: 'protocol error',
  [-98]: 'the listen port is already in use',
};
