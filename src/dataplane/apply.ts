import type { DeviceName, DevicePlan, Implementation, Operation } from '../mesh/model.ts';
import type { Problem } from '../mesh/problem.ts';
import type { Clock } from '../runtime/clock.ts';
import { ProgramFailed } from './exec.ts';
import type { Run } from './exec.ts';
import { createLink, deleteLink } from './link/lifecycle.ts';
import type { LinkFolders } from './link/lifecycle.ts';
import { foreignRoutes, implementationOf, readLink } from './link/read.ts';
import { changeLink } from './link/write.ts';
import type { LinkChange } from './link/write.ts';
import type { Firewall } from './nftables/firewall.ts';
import type { KeysOf } from './port.ts';
import { UapiRefused } from './wireguard/uapi-socket.ts';
import type { WireGuard, WireGuardBatch, WireGuardChange } from './wireguard/wireguard.ts';

export interface ApplyDeps {
  readonly run: Run;
  readonly signal: AbortSignal;
  readonly folders: LinkFolders;
  readonly wireGuard: Readonly<Record<Implementation, WireGuard>>;
  readonly firewall: Firewall;
  readonly clock: Clock;
}

/** Carries out the plan in order, consecutive operations of the same program together. */
export async function applyPlan(
  { plan, keys }: { readonly plan: DevicePlan; readonly keys: KeysOf },
  deps: ApplyDeps,
): Promise<readonly Problem[]> {
  const target: Target = { device: plan.device, keys, implementation: undefined, isNew: false };
  for (const step of stepsOf(plan.operations)) {
    try {
      const problems = await carryOut(step, target, deps);
      if (problems.length > 0) return problems;
    } catch (error) {
      if (!(error instanceof ProgramFailed) && !(error instanceof UapiRefused)) throw error;
      return [failed(plan.device, error.message)];
    }
  }
  return [];
}

interface Target {
  readonly device: DeviceName;
  readonly keys: KeysOf;
  /** Known once the link was made or looked at. */
  implementation: Implementation | undefined;
  /** This plan made it. */
  isNew: boolean;
}

type Step =
  | { readonly by: 'link'; readonly changes: readonly LinkChange[] }
  | { readonly by: 'wireGuard'; readonly changes: readonly WireGuardChange[] }
  | Single;

async function carryOut(step: Step, target: Target, deps: ApplyDeps): Promise<readonly Problem[]> {
  const { device } = target;
  if ('by' in step)
    return step.by === 'link'
      ? await linkStep(step.changes, target, deps)
      : await wireGuardStep(step.changes, target, deps);
  if (step.type === 'DeleteLink') {
    await deleteLink(device, deps);
  } else if (step.type === 'CreateLink') {
    const made = await createLink({ device, alias: step.alias, mtu: step.mtu }, deps);
    if (typeof made !== 'string') return [made];
    target.implementation = made;
    target.isNew = true;
  } else if (step.type === 'SetListenPort') {
    await setListenPort(step, target, deps);
  } else {
    const wireGuard = deps.wireGuard[await implementation(target, deps)];
    await wireGuard.setKey(device, target.keys.privateKey(step.publicKey), deps.signal);
  }
  return [];
}

async function wireGuardStep(changes: readonly WireGuardChange[], target: Target, deps: ApplyDeps): Promise<Problem[]> {
  const wireGuard = deps.wireGuard[await implementation(target, deps)];
  await wireGuard.change(batchOf(changes, target), deps.signal);
  return [];
}

/** wireguard-go closes its socket before it tries another port: refused, it would listen nowhere and lose every peer. */
async function setListenPort(step: SetListenPort, target: Target, deps: ApplyDeps): Promise<void> {
  const wireGuard = deps.wireGuard[await implementation(target, deps)];
  const { listenPort } = target.isNew ? NOWHERE : await wireGuard.read(target.device, deps.signal);
  try {
    await wireGuard.change(batchOf([step], target), deps.signal);
  } catch (error) {
    if (listenPort !== 0) await wireGuard.change(batchOf([{ ...step, listenPort }], target), deps.signal);
    throw error;
  }
}

function batchOf(changes: readonly WireGuardChange[], { device, keys }: Target): WireGuardBatch {
  return { device, changes, presharedKey: keys.presharedKey };
}

type SetListenPort = Extract<Operation, { readonly type: 'SetListenPort' }>;

const NOWHERE = { listenPort: 0 };

async function linkStep(changes: readonly LinkChange[], { device }: Target, deps: ApplyDeps): Promise<Problem[]> {
  if (changes.some(({ type }) => type === 'LinkUp') && !deps.firewall.guards(device)) return [unguarded(device)];
  const wanted = changes.flatMap((change) => (change.type === 'AddRoute' ? [change.prefix] : []));
  const foreign = wanted.length === 0 ? new Map<string, string>() : await foreignRoutes(deps);
  const taken = new Set<string>(wanted.filter((prefix) => foreign.has(prefix)));
  const possible = changes.filter((change) => change.type !== 'AddRoute' || !taken.has(change.prefix));
  if (possible.length > 0) await changeLink({ device, changes: possible }, deps);
  return [...taken].map((prefix) =>
    failed(device, `the route ${prefix} is taken by ${foreign.get(prefix)} and stays so`),
  );
}

/** One process, and only for a device that this plan did not create and that has something else to change. */
async function implementation(target: Target, deps: ApplyDeps): Promise<Implementation> {
  if (target.implementation === undefined) {
    const link = await readLink(target.device, deps);
    if (link === undefined) throw new ProgramFailed('ip', { stderr: `${target.device} is gone` });
    target.implementation = implementationOf(link);
  }
  return target.implementation;
}

function* stepsOf(operations: readonly Operation[]): Generator<Step> {
  for (let at = 0; at < operations.length;) {
    const first = operations[at];
    const links = take(operations, at, isLinkChange);
    const changes = take(operations, at, isWireGuardChange);
    if (links.length > 0) yield { by: 'link', changes: links };
    else if (changes.length > 0) yield { by: 'wireGuard', changes };
    else if (first !== undefined && isSingle(first)) yield first;
    at += Math.max(links.length, changes.length, 1);
  }
}

function take<T extends Operation>(
  operations: readonly Operation[],
  from: number,
  is: (operation: Operation) => operation is T,
): T[] {
  const taken: T[] = [];
  for (const operation of operations.slice(from)) {
    if (!is(operation)) break;
    taken.push(operation);
  }
  return taken;
}

/** Done by themselves. A listen port, because WireGuard takes it only before peers, and may refuse it. */
type Single = Extract<Operation, { readonly type: 'CreateLink' | 'DeleteLink' | 'SetKey' | 'SetListenPort' }>;

function isSingle(operation: Operation): operation is Single {
  return SINGLES.has(operation.type);
}

const SINGLES: ReadonlySet<Operation['type']> = new Set([
  'CreateLink',
  'DeleteLink',
  'SetKey',
  'SetListenPort',
] satisfies Single['type'][]);

function isLinkChange(operation: Operation): operation is LinkChange {
  return LINK_CHANGES.has(operation.type);
}

function isWireGuardChange(operation: Operation): operation is WireGuardChange {
  return !isSingle(operation) && !isLinkChange(operation);
}

const LINK_CHANGES: ReadonlySet<Operation['type']> = new Set([
  'SetMtu',
  'AddAddress',
  'RemoveAddress',
  'LinkUp',
  'AddRoute',
  'RemoveRoute',
] satisfies LinkChange['type'][]);

function failed(device: DeviceName, message: string): Problem {
  return { code: 'DeviceFailed', message: `${device}: ${message}` };
}

function unguarded(device: DeviceName): Problem {
  return {
    code: 'FirewallUnavailable',
    message: `${device} stays down, because no firewall table that names it is loaded.`,
  };
}
