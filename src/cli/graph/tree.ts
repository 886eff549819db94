import type { Colour, Line, Span } from '../terminal.ts';
import { type Branch, gatewayNotes, isUp, peerNotes } from './model.ts';

interface Twig {
  readonly line: Line;
  readonly below: readonly Twig[];
}

/** A tree: namespaces, gateways, and under each its networks and peers with the networks behind them. */
export function tree(branches: readonly Branch[]): readonly Line[] {
  const namespaces = [...new Set(branches.map(({ namespace }) => namespace))];
  return namespaces.flatMap((namespace) => {
    const own = branches.filter((branch) => branch.namespace === namespace);
    return [[{ text: `namespace ${namespace}` }], ...drawn(own.map(gatewayTwig), '')];
  });
}

function gatewayTwig(branch: Branch): Twig {
  const { gateway, name, peers } = branch;
  const colour = colourOf(branch);
  const below = [
    ...networks(
      'pool',
      gateway?.pools?.map(({ cidr }) => cidr),
    ),
    ...networks('route', gateway?.routes),
    ...peers.map((peer): Twig => {
      const line = described(`peer ${peer.name}`, peerNotes(peer), isUp(peer) ? 'green' : 'yellow');
      return { line, below: networks('route', peer.routes) };
    }),
  ];
  return { line: described(`gateway ${name}`, gatewayNotes(branch), colour), below };
}

function colourOf({ gateway, isVisible }: Branch): Colour {
  if (gateway === undefined && !isVisible) return 'dim';
  return gateway?.ready.status === 'True' ? 'green' : 'red';
}

function networks(kind: string, prefixes: readonly string[] = []): readonly Twig[] {
  return prefixes.map((prefix) => ({ line: [{ text: `${kind} ${prefix}` }], below: [] }));
}

function described(name: string, notes: readonly string[], colour: Colour): Line {
  return [{ text: name, colour: 'bold' }, { text: '  ' }, { text: notes.join('  '), colour }];
}

function drawn(twigs: readonly Twig[], indent: string): readonly Line[] {
  return twigs.flatMap(({ line, below }, index) => {
    const isLast = index === twigs.length - 1;
    const bough: Span = { text: `${indent}${isLast ? '└─ ' : '├─ '}` };
    return [[bough, ...line], ...drawn(below, `${indent}${isLast ? '   ' : '│  '}`)];
  });
}
