#!/usr/bin/env node
import { version } from './runtime/version.ts';

/** What every process exports: it runs until it is done and gives its exit code. */
interface Role {
  main(source: { argv: readonly string[]; env: NodeJS.ProcessEnv }): Promise<number>;
}

/** Loaded only when asked for: no process pays for what another one needs. */
const ROLES: Readonly<Record<string, { readonly does: string; load(): Promise<Role> }>> = {
  operator: {
    does: 'decides keys, addresses, placement and status of gateways and peers',
    load: () => import('./operator/main.ts'),
  },
  agent: {
    does: 'runs the WireGuard interfaces of one node',
    load: () => import('./agent/main.ts'),
  },
  userspace: {
    does: 'runs wireguard-go for nodes without kernel WireGuard',
    load: () => import('./userspace/main.ts'),
  },
};

process.exit(await dispatch(process.argv.slice(2)));

async function dispatch([name = '--help', ...argv]: readonly string[]): Promise<number> {
  if (Object.hasOwn(ROLES, name)) {
    const role = await ROLES[name]?.load();
    return role === undefined ? 1 : await role.main({ argv, env: process.env });
  }
  switch (name) {
    case 'version':
    case '--version':
      process.stdout.write(`peerwright ${version()}\n`);
      return 0;
    case 'help':
    case '--help':
    case '-h':
      process.stdout.write(help());
      return 0;
    default:
      process.stderr.write(`peerwright: '${name}' is not a command; one of ${commands().join(', ')}.\n`);
      return 2;
  }
}

function commands(): readonly string[] {
  return [...Object.keys(ROLES), 'version'];
}

function help(): string {
  const lines = Object.entries(ROLES).map(([name, { does }]) => `  ${name.padEnd(10)} ${does}\n`);
  return `Usage: peerwright COMMAND [options]\n\n${lines.join('')}  version    prints the version\n\nOptions of a command: peerwright COMMAND --help\n`;
}
