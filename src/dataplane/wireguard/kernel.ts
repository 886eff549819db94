import type { DeviceName, Prefix } from '../../mesh/model.ts';
import { ProgramFailed } from '../exec.ts';
import type { Run } from '../exec.ts';
import { throwAwayKey } from './codec.ts';
import { parseDump } from './dump.ts';
import { withSecretFile } from './secret-file.ts';
import type { WireGuard, WireGuardChange } from './wireguard.ts';

/** Changes in one `wg set`: far below the 128 KiB that one process may get as a single argument list of ours. */
const CHANGES_PER_CALL = 200;

/** Kernel WireGuard through the `wg` program: one process a call. */
export function kernelWireGuard(run: Run): WireGuard {
  const read: WireGuard['read'] = async (device, signal) => {
    const { stdout } = await run('wg', ['show', device, 'dump'], { signal, withholdOutput: true });
    return parseDump(stdout);
  };
  return {
    read,
    setKey: async (device, privateKey, signal) => {
      const text = Buffer.from(privateKey.reveal()).toString('base64');
      const args = ['set', device, 'private-key', '/dev/fd/3'];
      // `wg` quotes a key that it cannot parse.
      await withSecretFile(text, (descriptor) => run('wg', args, { signal, descriptor, withholdOutput: true }));
    },
    change: async (device, changes, signal) => {
      for (let at = 0; at < changes.length; at += CHANGES_PER_CALL) {
        const part = changes.slice(at, at + CHANGES_PER_CALL);
        try {
          await run('wg', ['set', device, ...part.flatMap((each) => argsOf(each))], { signal });
        } catch (error) {
          if (!isOldProgram(error)) throw error;
          await changeWithOldProgram({ device, changes: part, signal }, { run, read });
        }
      }
    },
  };
}

interface Request {
  readonly device: DeviceName;
  readonly changes: readonly WireGuardChange[];
  readonly signal: AbortSignal;
}

/**
 * `wg` before 1.0.20250521 does not know `+`: `allowed-ips` then always replaces the list of a peer. So the new list of
 * a live peer is written as a superset of what it has, which keeps session and endpoint. Costs one read, and only when
 * a peer that stays gets another address.
 */
async function changeWithOldProgram({ device, changes, signal }: Request, deps: { run: Run; read: WireGuard['read'] }) {
  for (const change of changes) {
    const peers = change.type === 'AddAllowedIPs' ? (await deps.read(device, signal)).peers : undefined;
    const known = change.type === 'AddAllowedIPs' ? peers?.get(change.publicKey) : undefined;
    if (change.type === 'AddAllowedIPs' && known === undefined) continue;
    await deps.run('wg', ['set', device, ...argsOf(change, known?.allowedIPs)], { signal });
  }
}

/** With `known`, AddAllowedIPs writes the whole list instead of adding to it. */
function argsOf(change: WireGuardChange, known?: readonly Prefix[]): string[] {
  switch (change.type) {
    case 'SetListenPort':
      return ['listen-port', String(change.listenPort)];
    case 'AddPeer':
      return ['peer', change.peer.publicKey, 'allowed-ips', change.peer.allowedIPs.join(',')];
    case 'RemovePeer':
      return ['peer', change.publicKey, 'remove'];
    case 'AddAllowedIPs': {
      const list = known === undefined ? change.allowedIPs.map((each) => `+${each}`) : [...known, ...change.allowedIPs];
      return ['peer', change.publicKey, 'allowed-ips', list.join(',')];
    }
    case 'RemoveAllowedIPs': {
      const key = throwAwayKey();
      return ['peer', key, 'allowed-ips', change.allowedIPs.join(','), 'peer', key, 'remove'];
    }
  }
}

function isOldProgram(error: unknown): boolean {
  return error instanceof ProgramFailed && /Unable to parse IP address: `\+/.test(error.stderr);
}
