import { describe } from 'vitest';
import { behavesAsDataplane } from '../contract/dataplane.testing.ts';
import { realWorld } from '../contract/world.ts';

describe("a data plane: the kernel's WireGuard", () => {
  behavesAsDataplane(() => realWorld('kernel'));
});
