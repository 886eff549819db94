import { describe } from 'vitest';
import { behavesAsDataplane } from '../contract/dataplane.testing.ts';
import { knowsItsNode } from '../contract/node.testing.ts';
import { realWorld } from '../contract/world.ts';

describe("a data plane: the kernel's WireGuard", () => {
  behavesAsDataplane(() => realWorld('kernel'));
});

describe("the node of a data plane: the kernel's WireGuard", () => {
  knowsItsNode(() => realWorld('kernel'));
});
