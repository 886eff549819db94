import { defineConfig } from 'vitest/config';

/** One project a tier (DESIGN of tests: CONTRIBUTING.md). Tiers that start a control plane run file by file. */
const tier = (name: string, include: string[], seconds: number) => ({
  test: {
    name,
    include,
    environment: 'node' as const,
    testTimeout: seconds * 1000,
    hookTimeout: Math.max(seconds, 10) * 1000,
    fileParallelism: name === 'unit',
    // no module of ours keeps state, so files may share loaded modules: a quarter of the time
    isolate: name !== 'unit',
  },
});

export default defineConfig({
  test: {
    projects: [
      tier('unit', ['src/**/*.test.ts', 'tools/**/*.test.ts', 'test/lint/**/*.test.ts'], 10),
      tier('contract', ['test/contract/**/*.test.ts'], 60),
      tier('api', ['test/api/**/*.test.ts'], 120),
      tier('netns', ['test/netns/**/*.test.ts'], 240),
    ],
  },
});
