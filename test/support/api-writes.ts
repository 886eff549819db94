import type { ControlPlane } from '../../tools/lab/control-plane.ts';

/** `group/resource` of what Peerwright reads and writes; Leases apart, which are written all the time. */
const OURS = /^(peerwright\.dev|events\.k8s\.io)\/|^\/(secrets|events|nodes|namespaces|configmaps)$/;

/** Successful writes so far by `VERB resource[/subresource]`, as the API server itself has counted them. */
export async function apiWrites(controlPlane: ControlPlane): Promise<ReadonlyMap<string, number>> {
  const { code, stdout, stderr } = await controlPlane.kubectl(['get', '--raw', '/metrics']);
  if (code !== 0) throw new Error(`the API server has no metrics: ${stderr}`);
  const found = new Map<string, number>();
  for (const [, labels = '', count = '0'] of stdout.matchAll(LINE)) {
    const key = writeOf(
      Object.fromEntries([...labels.matchAll(LABEL)].map(([, name = '', value = '']) => [name, value])),
    );
    if (key !== undefined) found.set(key, (found.get(key) ?? 0) + Number(count));
  }
  return found;
}

/** What was written between two counts. */
export function writesSince(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>) {
  const counts = [...after].map(([key, count]): [string, number] => [key, count - (before.get(key) ?? 0)]);
  return Object.fromEntries(counts.filter(([, count]) => count > 0).toSorted(([a], [b]) => a.localeCompare(b)));
}

const LINE = /^apiserver_request_total\{([^}]*)\} (\S+)$/gm;
const LABEL = /(\w+)="([^"]*)"/g;
const READS = ['GET', 'LIST', 'WATCH', 'CONNECT'];

/** undefined: no write, none that succeeded, or of nothing that concerns us. */
function writeOf({ verb = '', code = '', group = '', resource = '', subresource }: Record<string, string>) {
  if (READS.includes(verb) || !code.startsWith('2') || !OURS.test(`${group}/${resource}`)) return undefined;
  return `${verb} ${resource}${subresource ? `/${subresource}` : ''}`;
}
