import { type Clock, systemClock } from '../../runtime/clock.ts';
import type { StatusOptions } from '../actions.ts';
import type { Cluster } from '../cluster.ts';
import { EXIT_CODE } from '../failure.ts';
import type { Line, Terminal } from '../terminal.ts';
import { Appender } from './append.ts';
import type { Readable, Scope } from './gather.ts';
import { MeshWatch } from './mesh-watch.ts';
import { document, tables } from './render.ts';
import { select, type Selection } from './select.ts';
import { meshView, type MeshView } from './view.ts';

export interface WatchRequest {
  readonly cluster: Cluster;
  readonly scope: Scope;
  readonly readable: Readable;
  readonly selection: Selection;
  readonly options: StatusOptions;
}

export interface WatchDeps {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** Changes that come together are shown together. */
const GATHER_MS = 200;
/** How often a screen is drawn anew without a change, so that ages go on. */
const TICK_MS = 1_000;

/** Shows the state and then each change of it, until the signal aborts. */
export async function watchStatus(request: WatchRequest, { terminal, signal }: WatchDeps): Promise<number> {
  const { cluster, scope, readable } = request;
  const mesh = new MeshWatch({ cluster, scope, readable, clock: systemClock });
  const show = showerOf(request, terminal);
  const showing = showChanges(mesh, { show, everyMs: terminal.isScreen ? TICK_MS : undefined }, signal);
  await Promise.race([mesh.run(signal), showing]);
  return EXIT_CODE.clean;
}

type Show = (view: MeshView, trouble: string | undefined) => Promise<void>;

async function showChanges(
  mesh: MeshWatch,
  { show, everyMs }: { readonly show: Show; readonly everyMs: number | undefined },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const changed = mesh.changed;
    if (mesh.isSynced) await show(meshView(mesh.objects), mesh.trouble);
    await systemClock.sleep(GATHER_MS, signal);
    await (everyMs === undefined ? changed : Promise.race([changed, systemClock.sleep(everyMs, signal)]));
  }
}

function showerOf({ selection, options }: WatchRequest, terminal: Terminal): Show {
  const { output, allNamespaces = false } = options;
  const selected = (view: MeshView) => select(view, selection);
  if (output === 'json' || output === 'yaml') return documents(output, { terminal, selected });
  const wide = output === 'wide';
  if (terminal.isScreen) {
    return async (view, trouble) => {
      const width = terminal.size?.columns;
      const shown = tables(selected(view), { wide, allNamespaces, nowMs: systemClock.now(), width });
      await terminal.redraw([...shown, [], footer(systemClock, trouble)]);
    };
  }
  const appender = new Appender({ wide, allNamespaces });
  const tell = troubleTeller(terminal);
  return async (view, trouble) => {
    tell(trouble);
    await terminal.print(appender.linesOf(selected(view), systemClock.now()));
  };
}

function documents(
  form: 'json' | 'yaml',
  { terminal, selected }: { readonly terminal: Terminal; readonly selected: (view: MeshView) => MeshView },
): Show {
  let before = '';
  const tell = troubleTeller(terminal);
  return async (view, trouble) => {
    tell(trouble);
    const now = new Date(systemClock.now()).toISOString();
    const shown = selected(view);
    const text = JSON.stringify(shown);
    if (text !== before) await terminal.printRaw(await document(shown, { form, now, inStream: true }));
    before = text;
  };
}

/** Says each trouble once. */
function troubleTeller(terminal: Terminal): (trouble: string | undefined) => void {
  let told: string | undefined;
  return (trouble) => {
    if (trouble !== undefined && trouble !== told) terminal.note(`no news from the API server: ${trouble}`);
    told = trouble;
  };
}

function footer(clock: Pick<Clock, 'now'>, trouble: string | undefined): Line {
  if (trouble !== undefined) return [{ text: `no news from the API server: ${trouble}`, colour: 'red' }];
  return [{ text: `${new Date(clock.now()).toISOString()}, Ctrl-C ends this`, colour: 'dim' }];
}
