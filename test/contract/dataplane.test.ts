import { describe } from 'vitest';
import { behavesAsDataplane } from './dataplane.testing.ts';
import { fakeWorld, realWorld } from './world.ts';

describe.each([
  { name: 'fake', make: () => fakeWorld() },
  { name: 'wireguard-go through its socket', make: () => realWorld('uapi') },
  { name: 'wireguard-go through wg', make: () => realWorld('wg') },
])('a data plane: $name', ({ make }) => {
  behavesAsDataplane(make);
});
