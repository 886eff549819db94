import { systemClock } from '../../runtime/clock.ts';
import type { StatusOptions } from '../actions.ts';
import { type Cluster, connect, type ConnectDeps } from '../cluster.ts';
import { CliError, EXIT_CODE } from '../failure.ts';
import { type Name, nameOf } from '../names.ts';
import { nearest } from '../nearest.ts';
import type { Terminal } from '../terminal.ts';
import { gather, noneIn, placeOf, type Scope } from './gather.ts';
import { document, tables } from './render.ts';
import { select, type Selection, unknownNames } from './select.ts';
import { meshView, type MeshView } from './view.ts';

export interface StatusDeps extends ConnectDeps {
  readonly terminal: Terminal;
}

/** `peerwright status`. */
export async function status(names: readonly string[], options: StatusOptions, deps: StatusDeps): Promise<number> {
  const named = names.map(nameOf);
  const cluster = await connect(options, deps);
  try {
    return await show(cluster, { names: named, options }, deps);
  } finally {
    await cluster.close();
  }
}

interface Request {
  readonly names: readonly Name[];
  readonly options: StatusOptions;
}

async function show(cluster: Cluster, { names, options }: Request, deps: StatusDeps): Promise<number> {
  const { terminal } = deps;
  const scope: Scope = {
    namespace: options.allNamespaces ? undefined : cluster.namespace,
    systemNamespace: options.systemNamespace,
    labelSelector: options.selector,
  };
  const selection: Selection = { names, ...pick(options) };
  const { objects, readable, notes } = await gather(cluster, scope);
  for (const note of notes) terminal.note(note);
  const everything = meshView(objects);
  refuseUnknown(everything, selection, scope);
  if (options.watch) {
    const { watchStatus } = await import('./watch.ts');
    return await watchStatus({ cluster, scope, readable, selection, options }, deps);
  }
  const view = select(everything, selection);
  await print(view, options, terminal);
  if (isEmpty(view)) terminal.note(nothing(everything, scope));
  const isFine = [...view.gateways, ...view.peers].every(({ ready }) => ready.status === 'True');
  return options.check && !isFine ? EXIT_CODE.failed : EXIT_CODE.clean;
}

function pick({ gateway, notReady, disconnected }: StatusOptions): Omit<Selection, 'names'> {
  return { gateway, notReady, disconnected };
}

function refuseUnknown(view: MeshView, selection: Selection, scope: Scope): void {
  const [unknown] = unknownNames(view, selection);
  if (unknown === undefined) return;
  const { kind = 'gateway or peer', name } = unknown;
  const near = nearest(name, namesOf(view, unknown));
  throw new CliError(`there is no ${kind} ${name} ${placeOf(scope)}`, {
    hint:
      near.length > 0
        ? `did you mean ${near.join(', ')}?`
        : 'without a name, status lists what there is; -A looks everywhere',
  });
}

function namesOf({ gateways, peers }: MeshView, { kind }: Name): readonly string[] {
  const objects = [...(kind === 'peer' ? [] : gateways), ...(kind === 'gateway' ? [] : peers)];
  return [...new Set(objects.map(({ name }) => name))];
}

async function print(view: MeshView, options: StatusOptions, terminal: Terminal): Promise<void> {
  const { output, allNamespaces = false } = options;
  const nowMs = systemClock.now();
  if (output === 'json' || output === 'yaml') {
    const now = new Date(nowMs).toISOString();
    return await terminal.printRaw(await document(view, { form: output, now, inStream: false }));
  }
  const wide = output === 'wide';
  // who asks for everything gets it, if need be on two lines of the screen
  const width = wide ? undefined : terminal.size?.columns;
  await terminal.print(tables(view, { wide, allNamespaces, nowMs, width }));
}

function isEmpty({ gateways, peers }: MeshView): boolean {
  return gateways.length === 0 && peers.length === 0;
}

function nothing(everything: MeshView, scope: Scope): string {
  return isEmpty(everything) ? noneIn(scope) : `Nothing ${placeOf(scope)} is like that.`;
}
