import type { DeviceName, Implementation } from '../../mesh/model.ts';
import type { Problem } from '../../mesh/problem.ts';
import type { Clock } from '../../runtime/clock.ts';
import { ProgramFailed } from '../exec.ts';
import type { Run } from '../exec.ts';
import { removeRequest, requestDevice } from '../userspace-request.ts';
import { answers } from '../wireguard/uapi-socket.ts';
import { socketPath } from '../wireguard/uapi.ts';
import { LINK_GROUP } from './marks.ts';
import { readLink } from './read.ts';

export interface LinkFolders {
  /** Request files for `peerwright userspace`. */
  readonly userspace: string;
  /** wireguard-go's sockets. */
  readonly uapi: string;
}

export interface LifecycleDeps {
  readonly run: Run;
  readonly signal: AbortSignal;
  readonly folders: LinkFolders;
  readonly clock: Clock;
}

export interface NewLink {
  readonly device: DeviceName;
  readonly alias: string;
  readonly mtu: number;
}

/**
 * Creates a link, marked as ours and down: in the kernel when it can, else through `peerwright userspace`.
 * Problems: InterfaceConflict when the name is taken, WireGuardUnavailable when neither way works.
 */
export async function createLink(link: NewLink, deps: LifecycleDeps): Promise<Implementation | Problem> {
  if ((await readLink(link.device, deps)) !== undefined) return conflict(link.device);
  const inKernel = await tryKernel(link, deps);
  if (inKernel === undefined) return 'Kernel';
  if (!/Unknown device type|not supported/i.test(inKernel)) return unavailable(inKernel);
  const inUserspace = await requestDevice(link.device, deps);
  if (inUserspace !== undefined) {
    return unavailable(`The kernel has no WireGuard (${inKernel}), and userspace failed: ${inUserspace}`);
  }
  const input = `link set dev ${link.device} alias ${link.alias}\nlink set dev ${link.device} mtu ${link.mtu}\n`;
  await deps.run('ip', ['-batch', '-'], { input, signal: deps.signal });
  return 'Userspace';
}

/** Also takes a device that was only requested. Returns when its name is free again. */
export async function deleteLink(device: DeviceName, deps: LifecycleDeps): Promise<void> {
  await removeRequest(deps.folders.userspace, device);
  try {
    await deps.run('ip', ['link', 'delete', 'dev', device], { signal: deps.signal });
  } catch (error) {
    if (!(error instanceof ProgramFailed) || !/Cannot find device/.test(error.stderr)) throw error;
  }
  const deadline = deps.clock.monotonic() + 5_000;
  while (await answers(socketPath(deps.folders.uapi, device))) {
    if (deps.clock.monotonic() > deadline)
      throw new ProgramFailed('wireguard-go', { stderr: `still serves ${device}` });
    await deps.clock.sleep(20, deps.signal);
    deps.signal.throwIfAborted();
  }
}

/** Undefined when it worked, else what `ip` said. */
async function tryKernel({ device, alias, mtu }: NewLink, { run, signal }: LifecycleDeps): Promise<string | undefined> {
  const add = `link add dev ${device} group ${LINK_GROUP} mtu ${mtu} type wireguard\n`;
  try {
    await run('ip', ['-batch', '-'], { input: `${add}link set dev ${device} alias ${alias}\n`, signal });
    return undefined;
  } catch (error) {
    if (error instanceof ProgramFailed) return error.stderr;
    throw error;
  }
}

export function conflict(device: DeviceName): Problem {
  return {
    code: 'InterfaceConflict',
    message: `An interface named ${device} exists on the node and does not carry Peerwright's mark; rename or remove it.`,
  };
}

function unavailable(why: string): Problem {
  return { code: 'WireGuardUnavailable', message: `No WireGuard interface can be made: ${why}` };
}
