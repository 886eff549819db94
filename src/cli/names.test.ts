import { expect, test } from 'vitest';
import { nameOf, peerNameOf } from './names.ts';

test.each([
  ['laptop', { name: 'laptop' }],
  ['peer/laptop', { kind: 'peer', name: 'laptop' }],
  ['wgp/laptop', { kind: 'peer', name: 'laptop' }],
  ['wireguardgateway.peerwright.dev/edge', { kind: 'gateway', name: 'edge' }],
  ['WGG/edge', { kind: 'gateway', name: 'edge' }],
])('%s is %j', (written, name) => {
  expect(nameOf(written)).toEqual(name);
});

test.each([
  ['per/laptop', 'did you mean peer/laptop?'],
  ['net/laptop', 'choose the namespace with -n'],
  ['peer/', 'did you mean peer/?'],
  ['a/b/c', 'choose the namespace with -n'],
])('%s is wrong usage', (written, hint) => {
  expect(() => nameOf(written)).toThrow(expect.objectContaining({ exitCode: 2, hint }));
});

test('only a peer is one', () => {
  expect([peerNameOf('laptop'), peerNameOf('peer/laptop')]).toEqual(['laptop', 'laptop']);
  expect(() => peerNameOf('gateway/edge')).toThrow('gateway/edge is a gateway');
});
