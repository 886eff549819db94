import type { Case, Sample } from './case.ts';

export const KEY = 'HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw=';
export const TIME = '2026-01-01T00:00:00Z';

export const gateway = (spec: object, name = 'edge'): Sample => ({
  metadata: { name },
  spec: { pools: [{ cidr: '10.90.0.0/16' }], ...spec },
});

export const peer = (spec: object, name = 'laptop'): Sample => ({
  metadata: { name },
  spec: { gatewayRef: { name: 'edge' }, publicKey: KEY, ...spec },
});

export const good = (name: string, object: Sample): Case => ({ name, object });

export const bad = (name: string, object: Sample, [field, ...says]: readonly [string, ...string[]]): Case => ({
  name,
  object,
  bad: { field, says },
});

/** `count` different networks of one size. */
export const networks = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `172.${16 + (index >> 8)}.${index & 255}.0/24`);
