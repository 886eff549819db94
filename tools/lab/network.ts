import { PeerwrightError } from '../../src/runtime/error.ts';
import { abandonedClaims, claim, type Claim } from './claim.ts';
import { addNamespace, ip, ipIn, namespaces, removeNamespace } from './namespace.ts';

/** One machine of the lab: a network namespace with `eth0` on the hub's bridge. */
export interface Spoke {
  readonly name: string;
  /** In /run/netns. */
  readonly netns: string;
  readonly v4: string;
  readonly v6: string;
  /** Ends its processes and removes it. */
  remove(): Promise<void>;
}

export interface LabNetworkOptions {
  /** Begins every name that the lab makes: 2 to 10 of a-z and 0-9. One living lab a prefix. */
  readonly prefix: string;
  readonly log?: (line: string) => void;
}

/**
 * A star of network namespaces:
 *
 * ```
 * this machine               <prefix>-hub                 <prefix>-<spoke>
 * <prefix>-host ──veth── bridge "lab" (.1, ::1) ──veth── eth0 (.11 …, ::11 …), default route to the hub
 * 198.18.X.2, ::2
 * ```
 *
 * X is one that no route of this machine and no other lab uses: several labs run side by side.
 */
export interface LabNetwork extends AsyncDisposable {
  /** Network namespace of the hub: an API server in it is reached by every spoke and by this machine. */
  readonly hub: { readonly netns: string; readonly v4: string; readonly v6: string };
  /** `198.18.X.0/24` and a /64 of unique local addresses. */
  readonly subnets: { readonly v4: string; readonly v6: string };
  addSpoke(name: string): Promise<Spoke>;
  /** Ends the processes in all its namespaces and removes everything. Safe to call twice. */
  remove(): Promise<void>;
}

/**
 * Makes the hub and its link to this machine; first removes what dead labs left, of this and of other prefixes.
 * Errors: LabInUse when a living process runs a lab of this prefix, LabNeedsRoot, LabFailed.
 */
export async function startLabNetwork({ prefix, log = () => undefined }: LabNetworkOptions): Promise<LabNetwork> {
  if (!/^[a-z][a-z0-9]{1,9}$/.test(prefix)) throw failed('LabFailed', `${prefix} is no prefix of a lab`);
  if (process.getuid?.() !== 0) throw failed('LabNeedsRoot', 'Network namespaces need root');
  const name = claim(`lab-${prefix}`);
  if (name === undefined) throw failed('LabInUse', `A lab with prefix ${prefix} is running`);
  const claims = [name];
  try {
    await removeLeftovers(prefix, log);
    await removeAbandonedLabs(log);
    const { octet, subnet } = await freeSubnet();
    claims.push(subnet);
    const network = new StarNetwork(prefix, octet, claims);
    await network.start();
    return network;
  } catch (error) {
    await removeLeftovers(prefix, () => undefined);
    for (const held of claims) held.release();
    throw error;
  }
}

class StarNetwork implements LabNetwork {
  readonly hub: LabNetwork['hub'];
  readonly subnets: LabNetwork['subnets'];
  readonly #prefix: string;
  readonly #claims: Claim[];
  readonly #address: (host: number) => { readonly v4: string; readonly v6: string };
  #spokes = 0;

  constructor(prefix: string, octet: number, claims: Claim[]) {
    const v6 = `fd70:7700:${octet.toString(16)}:1::`;
    this.#prefix = prefix;
    this.#claims = claims;
    this.#address = (host) => ({ v4: `198.18.${octet}.${host}`, v6: `${v6}${host}` });
    this.subnets = { v4: `198.18.${octet}.0/24`, v6: `${v6}/64` };
    this.hub = { netns: `${prefix}-hub`, ...this.#address(1) };
  }

  async start(): Promise<void> {
    const { netns, v4, v6 } = this.hub;
    const host = this.#address(2);
    await addNamespace(netns);
    // A bridge without an address of its own takes the lowest of its ports': a new spoke would change it under those who
    // know the hub already, and they would reach nobody until their neighbour entry expires.
    const bridge = 'link add lab address 02:70:77:00:00:01 type bridge';
    await ipIn(netns, [bridge, 'link set lab up', ...addresses('lab', { v4, v6 })]);
    const link = hostLink(this.#prefix);
    await ip(['link', 'add', link, 'type', 'veth', 'peer', 'name', 'host', 'netns', netns]);
    await ipIn(netns, ['link set host master lab', 'link set host up']);
    const [v4Line = '', v6Line = ''] = addresses(link, host);
    await ip(['-batch', '-'], `${v4Line}\nlink set ${link} up\n`);
    // A machine with IPv6 switched off still runs dual-stack labs.
    await ip(['-batch', '-'], `${v6Line}\n`).catch(() => undefined);
  }

  async addSpoke(name: string): Promise<Spoke> {
    const netns = `${this.#prefix}-${name}`;
    const index = (this.#spokes += 1);
    const { v4, v6 } = this.#address(10 + index);
    const port = `spoke${index}`;
    await addNamespace(netns);
    await ip(['-n', this.hub.netns, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', netns]);
    await ipIn(this.hub.netns, [`link set ${port} master lab`, `link set ${port} up`]);
    await ipIn(netns, [
      ...addresses('eth0', { v4, v6 }),
      'link set eth0 up',
      `route add default via ${this.hub.v4}`,
      `route add default via ${this.hub.v6}`,
    ]);
    return { name, netns, v4, v6, remove: () => removeNamespace(netns) };
  }

  async remove(): Promise<void> {
    await removeLeftovers(this.#prefix, () => undefined);
    for (const held of this.#claims.splice(0)) held.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.remove();
  }
}

/** Everything whose name begins with the prefix; the host's link first, because it vanishes late with its namespace. */
async function removeLeftovers(prefix: string, log: (line: string) => void): Promise<void> {
  const links = (await ip(['-o', 'link', 'show'])).split('\n').map((line) => /^\d+: ([^@:]+)/.exec(line)?.[1]);
  const link = hostLink(prefix);
  const names = namespaces().filter((name) => name.startsWith(`${prefix}-`));
  if (links.includes(link) || names.length > 0) log(`Removing what an earlier lab ${prefix} left: ${names.join(', ')}`);
  if (links.includes(link)) await ip(['link', 'delete', link]);
  await Promise.all(names.map(removeNamespace));
}

async function removeAbandonedLabs(log: (line: string) => void): Promise<void> {
  for (const name of abandonedClaims('lab-')) {
    const held = claim(name);
    if (held === undefined) continue;
    await removeLeftovers(name.slice('lab-'.length), log);
    held.release();
  }
}

async function freeSubnet(): Promise<{ readonly octet: number; readonly subnet: Claim }> {
  const routes = await ip(['-4', 'route', 'show', 'root', '198.18.0.0/15']);
  for (let octet = 1; octet < 255; octet += 1) {
    if (routes.includes(`198.18.${octet}.`)) continue;
    const subnet = claim(`net-${octet}`);
    if (subnet !== undefined) return { octet, subnet };
  }
  throw failed('LabFailed', 'No network of 198.18.0.0/16 is free');
}

function addresses(device: string, { v4, v6 }: { readonly v4: string; readonly v6: string }): readonly string[] {
  return [`address add ${v4}/24 dev ${device}`, `address add ${v6}/64 dev ${device} nodad`];
}

const hostLink = (prefix: string): string => `${prefix}-host`;

function failed(code: 'LabFailed' | 'LabInUse' | 'LabNeedsRoot', message: string): PeerwrightError {
  return new PeerwrightError(code, message, { retry: 'never' });
}
