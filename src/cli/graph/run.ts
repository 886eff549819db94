import type { GraphOptions } from '../actions.ts';
import { connect, type ConnectDeps } from '../cluster.ts';
import { CliError, EXIT_CODE } from '../failure.ts';
import { gather, noneIn, placeOf } from '../status/gather.ts';
import { meshView } from '../status/view.ts';
import type { Terminal } from '../terminal.ts';
import { dot } from './dot.ts';
import { branchesOf } from './model.ts';
import { tree } from './tree.ts';

export interface GraphDeps extends ConnectDeps {
  readonly terminal: Terminal;
}

/** `peerwright graph`. */
export async function graph(options: GraphOptions, deps: GraphDeps): Promise<number> {
  const { terminal } = deps;
  const cluster = await connect(options, deps);
  const namespace = options.allNamespaces ? undefined : cluster.namespace;
  try {
    const { objects, readable, notes } = await gather(cluster, { namespace, systemNamespace: options.systemNamespace });
    for (const note of notes) terminal.note(note);
    const branches = branchesOf(meshView(objects), { only: options.gateway, isVisible: readable.gateways });
    if (branches.length === 0 && options.gateway !== undefined) throw noGateway(options.gateway, { namespace });
    if (options.output === 'dot') await terminal.printRaw(dot(branches));
    else await terminal.print(tree(branches));
    if (branches.length === 0) terminal.note(noneIn({ namespace }));
    return EXIT_CODE.clean;
  } finally {
    await cluster.close();
  }
}

function noGateway(name: string, place: { readonly namespace: string | undefined }): CliError {
  return new CliError(`there is no gateway ${name} ${placeOf(place)}`, { hint: 'status lists what there is' });
}
