import type { Name, NamedKind } from '../names.ts';
import { type GatewayView, isConnected, type MeshView, type PeerView } from './view.ts';

/** What of a mesh is to be shown; all that is given has to hold. */
export interface Selection {
  /** Empty: all. */
  readonly names: readonly Name[];
  readonly gateway?: string | undefined;
  readonly notReady?: boolean | undefined;
  readonly disconnected?: boolean | undefined;
}

export function select({ gateways, peers }: MeshView, selection: Selection): MeshView {
  return {
    gateways: gateways.filter((gateway) => isChosenGateway(gateway, selection)),
    peers: peers.filter((peer) => isChosenPeer(peer, selection)),
  };
}

/** Names that were asked for and are those of nothing. */
export function unknownNames({ gateways, peers }: MeshView, { names, gateway }: Selection): readonly Name[] {
  const isKnown = ({ kind, name }: Name) =>
    (kind !== 'peer' && gateways.some((one) => one.name === name)) ||
    (kind !== 'gateway' && peers.some((one) => one.name === name));
  const isGateway = gateways.some(({ name }) => name === gateway) || peers.some((peer) => peer.gateway === gateway);
  const unknown = names.filter((name) => !isKnown(name));
  return gateway === undefined || isGateway ? unknown : [...unknown, { kind: 'gateway', name: gateway }];
}

function isChosenGateway({ name, ready }: GatewayView, selection: Selection): boolean {
  if (selection.disconnected) return false;
  if (selection.notReady && ready.status === 'True') return false;
  return isNamed('gateway', name, selection) && (selection.gateway ?? name) === name;
}

function isChosenPeer(peer: PeerView, selection: Selection): boolean {
  if (selection.disconnected && (isConnected(peer) || peer.state === 'Disabled')) return false;
  if (selection.notReady && peer.ready.status === 'True') return false;
  return isNamed('peer', peer.name, selection) && (selection.gateway ?? peer.gateway) === peer.gateway;
}

function isNamed(kind: NamedKind, name: string, { names }: Selection): boolean {
  return names.length === 0 || names.some((one) => one.name === name && (one.kind ?? kind) === kind);
}
