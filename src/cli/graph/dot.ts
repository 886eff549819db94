import { plain } from '../visible.ts';
import { type Branch, gatewayNotes, isUp, peerNotes } from './model.ts';

/** Graphviz: nodes are boxes around their gateways, networks are boxes, a dashed line leads to a peer that is away. */
export function dot(branches: readonly Branch[]): string {
  const lines = [
    'digraph peerwright {',
    '  rankdir=LR;',
    '  node [fontname="sans-serif"];',
    ...branches.flatMap((branch) => [...gatewayLines(branch), ...edgeLines(branch)]),
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

function gatewayLines(branch: Branch): readonly string[] {
  const { gateway } = branch;
  const style = gateway?.ready.status === 'True' ? 'shape=box3d' : 'shape=box3d, color=red';
  const drawn = `${quoted(ownerOf(branch))} [${style}, label=${label(branch.name, gatewayNotes(branch))}];`;
  if (gateway?.nodeName === undefined) return [`  ${drawn}`];
  const node = gateway.nodeName;
  return [`  subgraph ${quoted(`cluster ${node}`)} { label=${quoted(`node ${node}`)}; ${drawn} }`];
}

function edgeLines(branch: Branch): readonly string[] {
  const { gateway, peers, namespace } = branch;
  const from = quoted(ownerOf(branch));
  const own = [...(gateway?.pools ?? []).map(({ cidr }) => cidr), ...(gateway?.routes ?? [])];
  const ofPeers = peers.flatMap((peer) => {
    const owner = `peer ${namespace}/${peer.name}`;
    const id = quoted(owner);
    const drawn = `  ${id} [shape=ellipse, label=${label(peer.name, peerNotes(peer))}];`;
    const edge = `  ${from} -> ${id} [style=${isUp(peer) ? 'solid' : 'dashed'}];`;
    return [drawn, edge, ...networkLines(owner, peer.routes ?? [])];
  });
  return [...networkLines(ownerOf(branch), own), ...ofPeers];
}

/** Per owner: the same network behind two of them is two networks. */
function networkLines(owner: string, prefixes: readonly string[]): readonly string[] {
  return prefixes.flatMap((prefix) => {
    const id = quoted(`network ${prefix} of ${owner}`);
    return [`  ${id} [shape=note, label=${quoted(prefix)}];`, `  ${quoted(owner)} -> ${id} [arrowhead=none];`];
  });
}

function ownerOf({ namespace, name }: Branch): string {
  return `gateway ${namespace}/${name}`;
}

function label(name: string, notes: readonly string[]): string {
  // \n is Graphviz's line break, so it is put in after everything else has been quoted
  return `"${[name, ...notes].map((text) => escaped(text)).join('\\n')}"`;
}

function quoted(text: string): string {
  return `"${escaped(text)}"`;
}

/** Within double quotes Graphviz knows \" and, in labels, \\ and codes like \N. */
function escaped(text: string): string {
  return plain(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"');
}
