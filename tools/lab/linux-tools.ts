import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { PeerwrightError } from '../../src/runtime/error.ts';
import { runCommand, type CommandOptions, type CommandResult } from './command.ts';

/** Debian's package of each tool that the lab may ask for. */
const PACKAGES = {
  wg: 'wireguard-tools',
  'wireguard-go': 'wireguard-go',
  nft: 'nftables',
  ip: 'iproute2',
  ping: 'iputils-ping',
} as const;

export type LinuxTool = keyof typeof PACKAGES;

export interface LinuxToolsPorts {
  readonly isInstalled: (program: string) => boolean;
  readonly isRoot: boolean;
  readonly runCommand: (argv: readonly string[], options?: CommandOptions) => Promise<CommandResult>;
  readonly log: (line: string) => void;
}

/**
 * Makes sure that these programs can be run: missing ones are installed with apt-get where there is one and we are root.
 * Error: LinuxToolsMissing, which names all that are missing and their packages.
 */
export async function ensureLinuxTools(
  tools: readonly LinuxTool[],
  given: Partial<LinuxToolsPorts> = {},
): Promise<void> {
  const ports = { ...systemPorts(), ...given };
  const missing = (): readonly LinuxTool[] => tools.filter((tool) => !ports.isInstalled(tool));
  if (missing().length === 0) return;
  if (!ports.isRoot || !ports.isInstalled('apt-get')) throw toolsMissing(missing());
  const failure = await install(missing(), ports);
  if (missing().length > 0) throw toolsMissing(missing(), failure);
}

/** What apt-get complained about; undefined when it was content. */
async function install(tools: readonly LinuxTool[], ports: LinuxToolsPorts): Promise<string | undefined> {
  const packages = tools.map((tool) => PACKAGES[tool]);
  ports.log(`Installing ${packages.join(', ')} with apt-get`);
  const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, timeoutMs: 300_000 };
  // An update that fails is no reason to stop: the lists that are there may do.
  await ports.runCommand(['apt-get', 'update', '-qq'], options);
  const argv = ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...packages];
  const { code, stderr } = await ports.runCommand(argv, options);
  return code === 0 ? undefined : stderr.trim();
}

function toolsMissing(tools: readonly LinuxTool[], failure?: string): PeerwrightError {
  const reason = failure === undefined ? '' : `; apt-get could not install them: ${failure}`;
  return new PeerwrightError('LinuxToolsMissing', `Not installed: ${tools.join(', ')}${reason}`, {
    hint: `On Debian and Ubuntu: apt-get install ${tools.map((tool) => PACKAGES[tool]).join(' ')}`,
  });
}

function systemPorts(): LinuxToolsPorts {
  return { isInstalled, isRoot: process.getuid?.() === 0, runCommand, log: () => undefined };
}

function isInstalled(program: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
