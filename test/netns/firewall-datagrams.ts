import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** Programs for the ends of UDP flows, run by a Node inside a machine of the lab: see `firewall-flows.ts`. */

export interface End {
  readonly address: string;
  readonly port: number;
}

export interface TalkOptions {
  /** Where an `echo` answers. */
  readonly allowed: readonly End[];
  /** Where nothing is to arrive. */
  readonly forbidden: readonly End[];
  /** Addresses of this machine to send what is forbidden from, one a family; default: what the kernel chooses. */
  readonly sources?: readonly string[];
}

export interface TalkCount {
  readonly allowed: number;
  readonly answered: number;
  readonly forbidden: number;
}

/** In flight to each allowed end: few enough that no queue on the way is ever full, however slow the machine is. */
const WINDOW = 2;
/** Between an answer and what is sent next: some 1,000 datagrams a second to all ends leave the processor to others. */
const PAUSE_MS = 5;
const DRAIN_MS = 10_000;
const PROGRESS_MS = 50;

/** Sends back what comes, and `copies` more of it, one each 10 ms. */
export async function echo({ address, port }: End, copies = 0): Promise<void> {
  const socket = await bound(address, port);
  socket.on('message', (message, { address: to, port: toPort }) => {
    socket.send(message, toPort, to);
    let left = copies;
    const timer = setInterval(() => (left-- > 0 ? socket.send(message, toPort, to) : clearInterval(timer)), 10);
  });
  process.stdout.write('listening\n');
}

/**
 * Sends to all ends: an answer from an allowed one is followed by the next datagram to it and one to a forbidden end.
 * Prints how many there were; after SIGTERM waits for the last answers, prints once more and ends.
 */
export async function talk({ allowed, forbidden, sources = [] }: TalkOptions): Promise<void> {
  const count = { allowed: 0, answered: 0, forbidden: 0 };
  const [from4, from6] = ['0.0.0.0', '::'].map((any) => sources.find((each) => isV6(each) === isV6(any)) ?? any);
  const forbid = { v4: await bound(from4 ?? '', 0), v6: await bound(from6 ?? '', 0) };
  let ended = false;
  const sendForbidden = (): void => {
    const end = forbidden[count.forbidden++ % forbidden.length];
    if (end !== undefined) (isV6(end.address) ? forbid.v6 : forbid.v4).send('no', end.port, end.address);
  };
  for (const { address, port } of allowed) {
    const socket = await bound(isV6(address) ? '::' : '0.0.0.0', 0);
    const waiting = new Set<string>();
    const sendNext = (): void => {
      const text = String(count.allowed++);
      waiting.add(text);
      socket.send(text, port, address);
    };
    socket.on('message', (message) => {
      if (!waiting.delete(message.toString())) return;
      count.answered += 1;
      setTimeout(() => {
        if (ended) return;
        sendForbidden();
        sendNext();
      }, PAUSE_MS);
    });
    for (let each = 0; each < WINDOW; each++) sendNext();
  }
  const print = () => process.stdout.write(`${JSON.stringify(count)}\n`);
  setInterval(print, PROGRESS_MS);
  process.on('SIGTERM', () => (ended = true));
  const deadline = () => performance.now() + DRAIN_MS;
  let end = Infinity;
  setInterval(() => {
    if (ended && end === Infinity) end = deadline();
    if (!ended || (count.answered < count.allowed && performance.now() < end)) return;
    print();
    process.exit();
  }, PROGRESS_MS);
}

/** Sends one datagram and says how that went: `answered`, an error code like ECONNREFUSED, or `silence` after 2 s. */
export async function ask({ address, port }: End): Promise<void> {
  const socket = createSocket(isV6(address) ? 'udp6' : 'udp4');
  const said = (what: string): void => {
    process.stdout.write(what);
    process.exit();
  };
  socket.on('error', (error: NodeJS.ErrnoException) => said(error.code ?? error.message));
  socket.on('message', () => said('answered'));
  socket.connect(port, address, () => socket.send('?'));
  setTimeout(() => said('silence'), 2_000);
}

async function bound(address: string, port: number): Promise<Socket> {
  const socket = createSocket({ type: isV6(address) ? 'udp6' : 'udp4', ipv6Only: isV6(address) });
  socket.on('error', () => undefined);
  socket.bind(port, address);
  await once(socket, 'listening');
  return socket;
}

function isV6(address: string): boolean {
  return address.includes(':');
}
