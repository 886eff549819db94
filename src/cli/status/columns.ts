import { age, bytes } from '../format.ts';
import type { Column } from '../table.ts';
import type { Colour } from '../terminal.ts';
import type { ConnectionView, GatewayView, PeerView, ReadyView } from './view.ts';

export interface ColumnOptions {
  readonly wide: boolean;
  readonly allNamespaces: boolean;
  readonly nowMs: number;
  /** Puts the kind in front of a name, where lines of both kinds stand together. */
  readonly withKind?: boolean;
}

export function gatewayColumns(options: ColumnOptions): readonly Column<GatewayView>[] {
  const { wide, nowMs, withKind } = options;
  return [
    ...namespaceColumn<GatewayView>(options),
    { title: 'GATEWAY', cell: ({ name }) => (withKind ? `gateway/${name}` : name) },
    readyColumn(),
    { title: 'ENDPOINT', cell: ({ endpoint }) => endpoint, spare: 2 },
    { title: 'NODE', cell: ({ nodeName }) => nodeName, spare: 3 },
    { title: 'PEERS', cell: ({ peers }) => text(peers?.total) },
    { title: 'CONNECTED', cell: ({ peers }) => text(peers?.connected) },
    { title: 'REASON', cell: ({ ready }) => ready.reason, spare: 1 },
    { title: 'AGE', cell: ({ createdTime }) => age(createdTime, nowMs), spare: 4 },
    ...(wide ? wideGatewayColumns() : []),
  ];
}

function wideGatewayColumns(): readonly Column<GatewayView>[] {
  return [
    { title: 'PORT', cell: ({ listenPort }) => text(listenPort), spare: 8 },
    { title: 'MTU', cell: ({ mtu }) => text(mtu), spare: 9 },
    {
      title: 'POOLS',
      cell: ({ pools }) => list(pools?.map((pool) => `${pool.cidr}(${pool.allocated}/${pool.capacity})`)),
      spare: 10,
    },
    { title: 'ROUTES', cell: ({ routes }) => list(routes), spare: 11 },
    { title: 'MASQUERADE', cell: ({ masquerade }) => masquerade, spare: 12 },
    { title: 'PEER-TRAFFIC', cell: ({ peerTraffic }) => peerTraffic, spare: 13 },
    { title: 'PUBLIC-KEY', cell: ({ publicKey }) => publicKey, spare: 14 },
    messageColumn(),
  ];
}

export function peerColumns(options: ColumnOptions): readonly Column<PeerView>[] {
  const { wide, nowMs, withKind } = options;
  return [
    ...namespaceColumn<PeerView>(options),
    { title: 'PEER', cell: ({ name }) => (withKind ? `peer/${name}` : name) },
    { title: 'GATEWAY', cell: ({ gateway }) => gateway, spare: 4 },
    readyColumn(),
    {
      title: 'CONNECTION',
      cell: ({ connection }) => connection.state,
      colour: ({ connection }) => COLOURS[connection.state],
    },
    { title: 'HANDSHAKE', cell: ({ connection }) => age(connection.lastHandshakeTime, nowMs) },
    { title: 'OBSERVED', cell: ({ connection }) => age(connection.observedTime, nowMs), spare: 2 },
    { title: 'ENDPOINT', cell: ({ connection }) => connection.endpoint, spare: 6 },
    { title: 'RECEIVED', cell: ({ connection }) => bytes(connection.receivedBytes), spare: 5 },
    { title: 'SENT', cell: ({ connection }) => bytes(connection.sentBytes), spare: 5 },
    { title: 'ADDRESS', cell: ({ addresses }) => (wide ? list(addresses) : addresses?.[0]), spare: 3 },
    { title: 'REASON', cell: ({ ready }) => ready.reason, spare: 1 },
    ...(wide ? widePeerColumns(nowMs) : []),
  ];
}

function widePeerColumns(nowMs: number): readonly Column<PeerView>[] {
  return [
    { title: 'SINCE', cell: ({ connection }) => age(connection.sinceTime, nowMs), spare: 8 },
    { title: 'NODE', cell: ({ connection }) => connection.nodeName, spare: 9 },
    { title: 'ROUTES', cell: ({ routes }) => list(routes), spare: 10 },
    { title: 'PRESHARED-KEY', cell: ({ presharedKey }) => presharedKey, spare: 11 },
    { title: 'AGE', cell: ({ createdTime }) => age(createdTime, nowMs), spare: 12 },
    messageColumn(),
  ];
}

const COLOURS: Readonly<Record<ConnectionView['state'], Colour | undefined>> = {
  Connected: 'green',
  Idle: 'green',
  Disconnected: 'red',
  Never: 'yellow',
  Unknown: 'yellow',
  Disabled: 'dim',
};
const READY_COLOURS: Readonly<Record<ReadyView['status'], Colour>> = { True: 'green', False: 'red', Unknown: 'yellow' };

function namespaceColumn<Row extends { readonly namespace: string }>({ allNamespaces }: ColumnOptions): Column<Row>[] {
  return allNamespaces ? [{ title: 'NAMESPACE', cell: ({ namespace }) => namespace }] : [];
}

function readyColumn<Row extends { readonly ready: ReadyView }>(): Column<Row> {
  return { title: 'READY', cell: ({ ready }) => ready.status, colour: ({ ready }) => READY_COLOURS[ready.status] };
}

function messageColumn<Row extends { readonly ready: ReadyView }>(): Column<Row> {
  return { title: 'MESSAGE', cell: ({ ready }) => ready.message, spare: 7 };
}

function list(items: readonly string[] | undefined): string | undefined {
  return items?.join(',');
}

function text(value: number | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}
