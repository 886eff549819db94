import { expect, test } from 'vitest';
import { resolver } from './resolve.ts';
import type { Lookup } from './resolve.ts';

const signal = new AbortController().signal;

test('a name gives its addresses in their order, each once', async () => {
  const addresses = ['192.0.2.1', '2001:db8::1', '192.0.2.1'];
  const resolve = resolver(async () => addresses.map((address) => ({ address })));
  expect(await resolve('host.example', signal)).toEqual(['192.0.2.1', '2001:db8::1']);
});

test('the system knows its own name and addresses', async () => {
  const resolve = resolver();
  expect((await resolve('localhost', signal))[0]).toBe('127.0.0.1');
  expect(await resolve('2001:db8::1', signal)).toEqual(['2001:db8::1']);
  expect(await resolve('no..name', signal)).toEqual([]);
});

test.each(['ENOTFOUND', 'EAI_AGAIN', 'ENODATA'])('%s gives no address', async (code) => {
  const resolve = resolver(() => Promise.reject(Object.assign(new Error(code), { code, syscall: 'getaddrinfo' })));
  expect(await resolve('host.example', signal)).toEqual([]);
});

test('any other failure is an error', async () => {
  const resolve = resolver(() => Promise.reject(new TypeError('broken')));
  await expect(resolve('host.example', signal)).rejects.toThrow('broken');
});

test('an abort ends the waiting, and the next one is answered', async () => {
  const controller = new AbortController();
  const hanging = Promise.withResolvers<never>();
  const resolve = resolver((host) => (host === 'hangs' ? hanging.promise : Promise.resolve([{ address: host }])));
  const waiting = resolve('hangs', controller.signal);
  controller.abort(new Error('stopping'));
  await expect(waiting).rejects.toThrow('stopping');
  expect(await resolve('192.0.2.1', signal)).toEqual(['192.0.2.1']);
});

test('two names are looked up at a time, and nobody is forgotten', async () => {
  const open = new Map<string, () => void>();
  const lookup: Lookup = async (host) => {
    await new Promise<void>((done) => open.set(host, done));
    return [{ address: host }];
  };
  const resolve = resolver(lookup);
  const hosts = ['a', 'b', 'c', 'd'];
  const answers = Promise.all(hosts.map((host) => resolve(host, signal)));
  const order: string[][] = [];
  while (open.size > 0) {
    order.push([...open.keys()]);
    const [[host, finish]] = [...open] as [[string, () => void]];
    open.delete(host);
    finish();
    await new Promise(setImmediate);
  }
  expect(order).toEqual([['a', 'b'], ['b', 'c'], ['c', 'd'], ['d']]);
  expect(await answers).toEqual(hosts.map((host) => [host]));
});
