import { abandonedClaims, claim } from './claim.ts';
import { ip, namespaces, removeNamespace } from './namespace.ts';

/** Name of the end of a lab's link that is on this machine. */
export const hostLink = (prefix: string): string => `${prefix}-host`;

/** Everything whose name begins with the prefix; the host's link first, because it vanishes late with its namespace. */
export async function removeLeftovers(prefix: string, log: (line: string) => void): Promise<void> {
  const links = (await ip(['-o', 'link', 'show'])).split('\n').map((line) => /^\d+: ([^@:]+)/.exec(line)?.[1]);
  const link = hostLink(prefix);
  const names = namespaces().filter((name) => name.startsWith(`${prefix}-`));
  if (links.includes(link) || names.length > 0) log(`Removing what an earlier lab ${prefix} left: ${names.join(', ')}`);
  if (links.includes(link)) await ip(['link', 'delete', link]);
  await Promise.all(names.map(removeNamespace));
}

/** Of labs with any prefix whose process has died, and what they had claimed. */
export async function removeAbandonedLabs(log: (line: string) => void): Promise<void> {
  for (const name of abandonedClaims('lab-')) {
    const held = claim(name);
    if (held === undefined) continue;
    await removeLeftovers(name.slice('lab-'.length), log);
    held.release();
  }
  for (const name of abandonedClaims('net-')) claim(name)?.release();
}
