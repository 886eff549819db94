import { defineConfig } from 'vitest/config';

/** For a kernel that has WireGuard: `make test-kernel` brings one. Emulated, all takes some ten times as long. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
