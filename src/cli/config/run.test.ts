import { expect, test } from 'vitest';
import { recorded } from '../terminal.testing.ts';
import { config } from './run.ts';

test.each([
  [{ allNamespaces: true }, 'all-namespaces'],
  [{ force: true }, '--force belongs to --out'],
])('%j is wrong usage, found before the cluster is asked', async (options, says) => {
  const { terminal } = recorded();
  const deps = { terminal, env: { KUBECONFIG: '/nonexistent' }, signal: new AbortController().signal };
  await expect(config('laptop', { dns: true, ...options }, deps)).rejects.toMatchObject({
    message: expect.stringContaining(says),
    exitCode: 2,
  });
});
