#!/usr/bin/env node
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

/** The name of a process starts it; everything else is for the command line. */
async function dispatch(argv: readonly string[]): Promise<number> {
  const { env } = process;
  const [name = '', ...rest] = argv;
  const role = roleOf(name);
  if (role !== undefined) return await (await role.load()).main({ argv: rest, env });
  const topic = name === 'help' ? roleOf(rest[0]) : undefined;
  if (topic !== undefined) return await (await topic.load()).main({ argv: ['--help'], env });
  const cli = await import('./cli/main.ts');
  const processes = Object.entries(ROLES).map(([process, { does }]) => ({ name: process, does }));
  return await cli.main({ argv, env, processes });
}

function roleOf(name = ''): (typeof ROLES)[string] | undefined {
  return Object.hasOwn(ROLES, name) ? ROLES[name] : undefined;
}
