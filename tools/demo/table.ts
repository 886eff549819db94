/** What the demo shows of one peer. */
export interface PeerRow {
  readonly name: string;
  readonly gateway: string;
  /** Status and reason of the condition; undefined: there is none yet. */
  readonly ready: Verdict | undefined;
  readonly connected: Verdict | undefined;
  /** Of the last handshake in the peer's status, in milliseconds since the epoch. */
  readonly handshakeMs: number | undefined;
  /** `address:port` from which the gateway sees it. */
  readonly endpoint: string | undefined;
  /** One line each. */
  readonly addresses: readonly AddressRow[];
}

export interface Verdict {
  readonly status: string;
  readonly reason: string;
}

export interface AddressRow {
  readonly address: string;
  /** Round trip through the tunnel to the gateway's address of this family; undefined: no answer. */
  readonly pingMs: number | undefined;
}

interface Column {
  readonly title: string;
  readonly cell: (row: PeerRow, address: AddressRow | undefined, nowMs: number) => string;
  /** Holds for the peer, so it is blank beside its second address. */
  readonly ofPeer?: true;
  /** Left out where the terminal is too narrow for all. */
  readonly optional?: true;
}

const COLUMNS: readonly Column[] = [
  { title: 'PEER', cell: (row) => row.name, ofPeer: true },
  { title: 'GATEWAY', cell: (row) => row.gateway, ofPeer: true },
  { title: 'READY', cell: (row) => verdict(row.ready, 'Programmed'), ofPeer: true },
  { title: 'CONNECTED', cell: (row) => verdict(row.connected, 'Connected'), ofPeer: true },
  { title: 'HANDSHAKE', cell: (row, _, nowMs) => ago(row.handshakeMs, nowMs), ofPeer: true },
  { title: 'ENDPOINT', cell: (row) => row.endpoint ?? '-', ofPeer: true, optional: true },
  { title: 'ADDRESS', cell: (_, address) => address?.address ?? '-' },
  { title: 'PING', cell: (_, address) => milliseconds(address?.pingMs) },
];
const GAP = '  ';

/** One line a peer and address, under a line of titles; `columns` is the width there is. */
export function renderTable(rows: readonly PeerRow[], view: { nowMs: number; columns: number }): readonly string[] {
  if (rows.length === 0) return ['There is no peer.'];
  const whole = layOut(rows, COLUMNS, view.nowMs);
  if (whole.every((line) => line.length < view.columns)) return whole;
  const needed = COLUMNS.filter(({ optional }) => optional === undefined);
  return layOut(rows, needed, view.nowMs);
}

function layOut(rows: readonly PeerRow[], columns: readonly Column[], nowMs: number): readonly string[] {
  const lines = rows.flatMap((row) =>
    (row.addresses.length === 0 ? [undefined] : row.addresses).map((address, index) =>
      columns.map(({ cell, ofPeer }) => (ofPeer && index > 0 ? '' : cell(row, address, nowMs))),
    ),
  );
  const all = [columns.map(({ title }) => title), ...lines];
  const widths = columns.map((_, index) => Math.max(...all.map((cells) => (cells[index] ?? '').length)));
  return all.map((cells) =>
    cells
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join(GAP)
      .trimEnd(),
  );
}

/** The reason is worth its room only when it is not the usual one. */
function verdict(condition: Verdict | undefined, usual: string): string {
  if (condition === undefined) return '-';
  return condition.reason === usual ? condition.status : `${condition.status} ${condition.reason}`;
}

function ago(timeMs: number | undefined, nowMs: number): string {
  if (timeMs === undefined) return '-';
  const seconds = Math.max(0, Math.round((nowMs - timeMs) / 1000));
  return seconds < 120 ? `${seconds} s ago` : `${Math.floor(seconds / 60)} min ago`;
}

function milliseconds(value: number | undefined): string {
  return value === undefined ? '-' : `${value.toFixed(1)} ms`;
}
