import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** What one end has sent or got, in bytes and as a SHA-256 in hex. */
export interface Tally {
  readonly bytes: number;
  readonly sha256: string;
}

export interface ReceiveOptions {
  readonly address: string;
  /** After this, what has come counts as all. */
  readonly timeoutMs: number;
  /** Told the port as soon as it listens. */
  readonly onPort: (port: number) => void;
}

const CHUNK = 64 * 1024;

/** Takes one TCP connection, to its end. */
export async function receive({ address, timeoutMs, onPort }: ReceiveOptions): Promise<Tally> {
  const hash = createHash('sha256');
  let bytes = 0;
  const server = createServer();
  let taken: Socket | undefined;
  const ended = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, timeoutMs);
    server.once('connection', (socket) => {
      taken = socket;
      socket.on('data', (chunk) => {
        bytes += chunk.length;
        hash.update(chunk);
      });
      socket.on('error', () => undefined);
      socket.on('close', () => resolve());
    });
    server.once('close', () => clearTimeout(timer));
  });
  server.listen(0, address);
  await once(server, 'listening');
  onPort((server.address() as AddressInfo).port);
  await ended;
  taken?.destroy();
  server.close();
  return { bytes, sha256: hash.digest('hex') };
}

/** Sends so many bytes that nobody could guess or compress, and closes. Rejects when the connection fails. */
export async function send(to: { readonly address: string; readonly port: number }, bytes: number): Promise<Tally> {
  const hash = createHash('sha256');
  const noise = createCipheriv('aes-128-ctr', randomBytes(16), randomBytes(16));
  const socket = connect(to.port, to.address);
  const failed = once(socket, 'error').then(([error]) => Promise.reject(error));
  const write = async (): Promise<void> => {
    await once(socket, 'connect');
    for (let left = bytes; left > 0; left -= CHUNK) {
      const chunk = noise.update(Buffer.alloc(Math.min(left, CHUNK)));
      hash.update(chunk);
      if (!socket.write(chunk)) await once(socket, 'drain');
    }
    const closed = once(socket, 'close');
    socket.end();
    await closed;
  };
  await Promise.race([write(), failed]);
  return { bytes, sha256: hash.digest('hex') };
}
