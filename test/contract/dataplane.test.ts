import { describe } from 'vitest';
import { behavesAsDataplane } from './dataplane.testing.ts';
import { knowsItsNode } from './node.testing.ts';
import { fakeWorld, realWorld } from './world.ts';

const DATAPLANES = [
  { name: 'fake', make: () => fakeWorld() },
  { name: 'wireguard-go through its socket', make: () => realWorld('uapi') },
  { name: 'wireguard-go through wg', make: () => realWorld('wg') },
];

describe.each(DATAPLANES)('a data plane: $name', ({ make }) => {
  behavesAsDataplane(make);
});

describe.each(DATAPLANES)('the node of a data plane: $name', ({ make }) => {
  knowsItsNode(make);
});
