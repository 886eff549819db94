import { expect, test } from 'vitest';
import { kubernetesVersion } from './module.ts';

test('the version is the one that go.mod requires', () => {
  expect(kubernetesVersion('require (\n\tk8s.io/kubelet v0.37.2\n\tk8s.io/kubernetes v1.37.2 // indirect\n)\n')).toBe(
    'v1.37.2',
  );
  expect(kubernetesVersion('require k8s.io/kubernetes v1.38.0-rc.1\n')).toBe('v1.38.0-rc.1');
});

test('a go.mod without Kubernetes is refused', () => {
  expect(() => kubernetesVersion('module x\n')).toThrow('requires no k8s.io/kubernetes');
});
