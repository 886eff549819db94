import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Why this machine cannot make network namespaces with WireGuard in them; undefined when it can. */
export function cannotDoNetworks(): string | undefined {
  if (process.getuid?.() !== 0) return 'skipped: needs root';
  if (!existsSync('/dev/net/tun')) return 'skipped: needs /dev/net/tun';
  const made = spawnSync('unshare', ['--net', '--mount', 'true']);
  return made.status === 0 ? undefined : 'skipped: this machine does not allow network namespaces';
}
