import type { z } from 'zod';
import { AgentConfig } from '../../src/agent/config.ts';
import { OperatorConfig } from '../../src/operator/config.ts';
import { type Option, optionsOf } from '../../src/runtime/config-options.ts';
import { UserspaceConfig } from '../../src/userspace/config.ts';
import { GENERATED, table } from './markdown.ts';

interface Process {
  /** As in `peerwright operator`. */
  readonly name: string;
  readonly does: string;
  readonly schema: z.ZodObject;
}

const PROCESSES: readonly Process[] = [
  {
    name: 'operator',
    does: 'Decides keys, addresses, placement and status of gateways and peers.',
    schema: OperatorConfig,
  },
  { name: 'agent', does: 'Runs the WireGuard interfaces of one node.', schema: AgentConfig },
  { name: 'userspace', does: 'Runs wireguard-go for nodes without kernel WireGuard.', schema: UserspaceConfig },
];

/** The reference of the options of processes, from the schemas that read them. */
export function renderFlags(): string {
  return `${GENERATED}
# Flags and environment variables

Every option is a flag and a variable; the flag wins. An option that is unknown or wrong keeps the process from starting,
and all problems are named at once. \`peerwright PROCESS --help\` prints the same. The command line for people is in
[cli.md](cli.md).

Without \`--kubeconfig\` a process takes the files in \`KUBECONFIG\`, else the service account of its pod, else
\`~/.kube/config\`.

${PROCESSES.map(section).join('\n')}`;
}

function section({ name, does, schema }: Process): string {
  const rows = [...optionsOf(schema).values()].map((option) => [
    `\`--${option.flag}\``,
    `\`${option.variable}\``,
    valueOf(option),
    defaultOf(option),
    option.description,
  ]);
  return `## peerwright ${name}

${does}

${table(['flag', 'variable', 'value', 'default', 'meaning'], rows)}`;
}

function valueOf({ kind, expects, placeholder }: Option): string {
  if (kind === 'string') return placeholder === 'TEXT' ? 'a text' : expects;
  return expects;
}

function defaultOf({ required, defaultText = '' }: Option): string {
  if (required) return 'required';
  return ['', 'none'].includes(defaultText) ? 'none' : `\`${defaultText}\``;
}
