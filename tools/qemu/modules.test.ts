import { expect, test } from 'vitest';
import { loadOrder } from './modules.ts';

const DEP = `kernel/fs/9p/9p.ko: kernel/net/9p/9pnet.ko kernel/fs/fscache.ko
kernel/net/9p/9pnet.ko:
kernel/fs/fscache.ko: kernel/fs/netfs.ko
kernel/fs/netfs.ko:
kernel/net/9pnet-virtio.ko.xz: kernel/net/9p/9pnet.ko
`;

test('a module comes after all that it needs, and once', () => {
  expect(loadOrder(DEP, ['9p', '9pnet_virtio'])).toEqual([
    'kernel/fs/netfs.ko',
    'kernel/fs/fscache.ko',
    'kernel/net/9p/9pnet.ko',
    'kernel/fs/9p/9p.ko',
    'kernel/net/9pnet-virtio.ko.xz',
  ]);
});

test('a kernel without a module that is asked for is refused by name', () => {
  expect(() => loadOrder(DEP, ['overlay'])).toThrow('no module overlay');
});
