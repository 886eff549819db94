import type { Run } from '../exec.ts';
import { parseDump } from './dump.ts';
import { callsOf } from './kernel-calls.ts';
import type { Call } from './kernel-calls.ts';
import { movedInOneStep } from './moves.ts';
import { withSecretFiles } from './secret-file.ts';
import type { WireGuard } from './wireguard.ts';

/** Kernel WireGuard through the `wg` program: one process a call. */
export function kernelWireGuard(run: Run): WireGuard {
  const canAdd = incremental(run);
  const read: WireGuard['read'] = async (device, signal) => {
    const { stdout } = await run('wg', ['show', device, 'dump'], { signal, withholdOutput: true });
    return parseDump(stdout);
  };
  const call = async ({ args, secrets }: Call, signal: AbortSignal) => {
    // `wg` quotes a key that it cannot parse.
    const withholdOutput = secrets.length > 0;
    const texts = secrets.map((secret) => Buffer.from(secret.reveal()).toString('base64'));
    await withSecretFiles(texts, (descriptors) => run('wg', args, { signal, descriptors, withholdOutput }));
  };
  return {
    read,
    setKey: (device, privateKey, signal) =>
      call({ args: ['set', device, 'private-key', '/dev/fd/3'], secrets: [privateKey] }, signal),
    change: async ({ device, presharedKey, ...batch }, signal) => {
      const changes = movedInOneStep(batch.changes);
      const mustKnow = changes.some(({ type }) => type === 'AddAllowedIPs') && !(await canAdd(signal));
      const known = mustKnow ? { peers: (await read(device, signal)).peers } : {};
      for (const each of callsOf({ device, changes, presharedKey, ...known })) await call(each, signal);
    },
  };
}

/**
 * Whether `wg` can add to the AllowedIPs of a peer (`+`), which it learned in 1.0.20250521; before, `allowed-ips`
 * always replaces the list. One process, once.
 */
function incremental(run: Run): (signal: AbortSignal) => Promise<boolean> {
  let answer: boolean | undefined;
  return async (signal) => {
    answer ??= isIncremental((await run('wg', ['--version'], { signal })).stdout);
    return answer;
  };
}

function isIncremental(version: string): boolean {
  const date = / v1\.0\.(\d{8})\b/.exec(version)?.[1];
  return date !== undefined && Number(date) >= 20250521;
}
