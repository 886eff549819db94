import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PeerwrightError } from '../../src/runtime/error.ts';
import { startLabNode, type LabNode } from './node.ts';
import { ping, startPing, type PingResult, type RunningPing } from './ping.ts';
import { logTail, type ManagedProcess } from './process.ts';
import type { Spoke } from './segment.ts';
import { wgQuickOn } from './wg-quick.ts';

export interface ClientConfig {
  /** `10.90.0.7/32`, `fd00:90::7/128`. */
  readonly addresses: readonly string[];
  readonly peer: {
    readonly publicKey: string;
    /** `host:port`. */
    readonly endpoint: string;
    /** Networks behind the peer; they get routes, too. */
    readonly allowedIPs: readonly string[];
    /** 0 = off, the default. */
    readonly persistentKeepaliveSeconds?: number;
  };
}

/**
 * A remote machine with one WireGuard interface, `wg0`: with a key of its own and wireguard-go from the first `configure`
 * on, or made by `wg-quick` between `up` and `down`.
 */
export interface LabClient extends AsyncDisposable {
  readonly node: LabNode;
  /** Of the key that `configure` uses. */
  readonly publicKey: string;
  /** Gives the interface its addresses and its peer; again = replaces them. Error: LabFailed, also while wg-quick's is up. */
  configure(config: ClientConfig): Promise<void>;
  /**
   * `wg-quick up` with nothing but this file, on a machine whose resolvconf keeps what it is given; takes down what was
   * there before. Error: LabFailed with what wg-quick said.
   */
  up(confText: string): Promise<void>;
  /** `wg-quick down`. Nothing happens when it is not up. */
  down(): Promise<void>;
  /** Lines that wg-quick gave to resolvconf, like `nameserver 10.0.0.10`. */
  dns(): Promise<readonly string[]>;
  ping(address: string, options?: { readonly count?: number; readonly intervalMs?: number }): Promise<PingResult>;
  startPing(address: string, options?: { readonly perSecond?: number }): Promise<RunningPing>;
  stop(): Promise<void>;
}

const KEY_FILE = '/run/peerwright/wg0.key';
const READY_MS = 10_000;

/** `folder` as for a node. The private key is only in this process and in the interface. Error: LabFailed. */
export async function startLabClient(spoke: Spoke, folder: string): Promise<LabClient> {
  return clientOn(await startLabNode(spoke, folder), newKey());
}

function clientOn(node: LabNode, { privateKey, publicKey }: KeyPair): LabClient {
  const stop = (): Promise<void> => node.stop();
  const wgQuick = wgQuickOn(node);
  let own: ManagedProcess | undefined;
  return {
    node,
    publicKey,
    async configure(config) {
      if (wgQuick.isUp) throw failed('configure: wg-quick has made wg0; take it down first');
      own ??= await startInterface(node, privateKey);
      await configure(node, config);
    },
    async up(confText) {
      if (own !== undefined) await must(node, ['ip', 'link', 'delete', 'wg0']);
      await own?.exited;
      own = undefined;
      await wgQuick.down();
      await wgQuick.up(confText);
    },
    down: () => wgQuick.down(),
    dns: () => wgQuick.dns(),
    ping: (address, options) => ping(node, address, options),
    startPing: (address, options) => startPing(node, address, options),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function startInterface(node: LabNode, privateKey: string): Promise<ManagedProcess> {
  const log = join(node.folder, 'wireguard-go.log');
  const process = await node.spawn(['wireguard-go', '-f', 'wg0'], { stdout: log, stderr: log });
  await answers(node, process, log);
  // A file in the node's own tmpfs: neither argument nor environment, and nothing on a disk.
  await must(node, ['sh', '-c', `umask 077; cat > ${KEY_FILE}`], privateKey);
  await must(node, ['wg', 'set', 'wg0', 'private-key', KEY_FILE]);
  await must(node, ['rm', KEY_FILE]);
  const mtu = Math.max(1280, node.spoke.mtu - 80);
  await must(node, ['ip', 'link', 'set', 'wg0', 'up', 'mtu', String(mtu)]);
  return process;
}

async function configure(node: LabNode, { addresses, peer }: ClientConfig): Promise<void> {
  const { stdout } = await must(node, ['wg', 'show', 'wg0', 'peers']);
  for (const old of stdout.split('\n').filter((key) => key !== '' && key !== peer.publicKey)) {
    await must(node, ['wg', 'set', 'wg0', 'peer', old, 'remove']);
  }
  const keepalive = String(peer.persistentKeepaliveSeconds ?? 0);
  const settings = ['endpoint', peer.endpoint, 'persistent-keepalive', keepalive];
  const allowed = ['allowed-ips', peer.allowedIPs.join(',')];
  await must(node, ['wg', 'set', 'wg0', 'peer', peer.publicKey, ...settings, ...allowed]);
  const lines = [
    'address flush dev wg0 scope global',
    ...addresses.map((address) => `address add ${address} dev wg0`),
    ...peer.allowedIPs.map((network) => `route replace ${network} dev wg0`),
  ];
  await must(node, ['ip', '-batch', '-'], `${lines.join('\n')}\n`);
}

interface KeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** The raw keys are the JWK's, in another alphabet. */
function newKey(): KeyPair {
  const { d = '', x = '' } = generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' });
  const base64 = (text: string): string => Buffer.from(text, 'base64url').toString('base64');
  return { privateKey: base64(d), publicKey: base64(x) };
}

async function answers(node: LabNode, process: ManagedProcess, log: string): Promise<void> {
  const ended = process.exited.then(() => true);
  const end = performance.now() + READY_MS;
  while ((await node.exec(['wg', 'show', 'wg0'])).code !== 0) {
    if (!(await Promise.race([ended, sleep(20, false)])) && performance.now() < end) continue;
    throw failed(`wireguard-go does not run: ${logTail(log)}`);
  }
}

async function must(node: LabNode, argv: readonly string[], input?: string) {
  const result = await node.exec(argv, input === undefined ? {} : { input });
  if (result.code === 0) return result;
  throw failed(`${argv.join(' ')}: ${result.stderr.trim()}`);
}

function failed(message: string): PeerwrightError {
  return new PeerwrightError('LabFailed', message);
}
