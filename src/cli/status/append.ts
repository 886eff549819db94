import { type Column, layOut, type Layout, lines, titles } from '../table.ts';
import type { Line } from '../terminal.ts';
import { gatewayColumns, peerColumns } from './columns.ts';
import type { GatewayView, MeshView, PeerView } from './view.ts';

/** Lines for a stream: everything once, then what changed. Ages and counters alone are no change. */
export class Appender {
  readonly #gateways: Rows<GatewayView>;
  readonly #peers: Rows<PeerView>;

  constructor(options: { readonly wide: boolean; readonly allNamespaces: boolean }) {
    const form = { ...options, withKind: true };
    this.#gateways = new Rows((nowMs) => gatewayColumns({ ...form, nowMs }), JSON.stringify);
    this.#peers = new Rows((nowMs) => peerColumns({ ...form, nowMs }), peerSignature);
  }

  linesOf({ gateways, peers }: MeshView, nowMs: number): readonly Line[] {
    return [...this.#gateways.linesOf(gateways, nowMs), ...this.#peers.linesOf(peers, nowMs)];
  }
}

function peerSignature({ connection, ...rest }: PeerView): string {
  const { state, endpoint, nodeName } = connection;
  return JSON.stringify({ ...rest, state, endpoint, nodeName });
}

interface Row {
  readonly namespace: string;
  readonly name: string;
  readonly ready: { readonly status: string; readonly reason: string; readonly message: string };
}

/** The rows of one kind; the titles come once, with the first row. */
class Rows<T extends Row> {
  readonly #columns: (nowMs: number) => readonly Column<T>[];
  readonly #signature: (row: T) => string;
  #known = new Map<string, { readonly row: T; readonly signature: string }>();
  #widths: readonly number[] | undefined;

  constructor(columns: (nowMs: number) => readonly Column<T>[], signature: (row: T) => string) {
    this.#columns = columns;
    this.#signature = signature;
  }

  linesOf(rows: readonly T[], nowMs: number): readonly Line[] {
    const now = new Map(rows.map((row) => [keyOf(row), { row, signature: this.#signature(row) }]));
    const changed = rows.filter((row) => this.#known.get(keyOf(row))?.signature !== now.get(keyOf(row))?.signature);
    const gone = [...this.#known].filter(([key]) => !now.has(key)).map(([, { row }]) => deleted(row));
    this.#known = now;
    const shown = [...changed, ...gone];
    if (shown.length === 0) return [];
    const isFirst = this.#widths === undefined;
    const layout = this.#layout(shown, nowMs);
    return [...(isFirst ? [titles(layout)] : []), ...lines(shown, layout)];
  }

  #layout(rows: readonly T[], nowMs: number): Layout<T> {
    const { columns, widths } = layOut(rows, this.#columns(nowMs));
    this.#widths = widths.map((width, index) => Math.max(width, this.#widths?.[index] ?? 0));
    return { columns, widths: this.#widths };
  }
}

/** Gone, or no longer among what was asked for. */
function deleted<T extends Row>(row: T): T {
  return { ...row, ready: { status: 'Unknown', reason: 'Gone', message: '' } };
}

function keyOf({ namespace, name }: Row): string {
  return `${namespace}/${name}`;
}
