import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { receive, send } from './transfer-ends.ts';

test('both ends count the same bytes, and others each time', async () => {
  const sums: string[] = [];
  for (const bytes of [1, 300_000, 300_000]) {
    const port = Promise.withResolvers<number>();
    const receiving = receive({ address: '127.0.0.1', timeoutMs: 5_000, onPort: port.resolve });
    const sent = await send({ address: '127.0.0.1', port: await port.promise }, bytes);
    expect(await receiving).toEqual(sent);
    expect(sent.bytes).toBe(bytes);
    sums.push(sent.sha256);
  }
  expect(new Set(sums).size).toBe(3);
});

test('what stays away ends with the time that there was', async () => {
  const port = Promise.withResolvers<number>();
  const receiving = receive({ address: '127.0.0.1', timeoutMs: 300, onPort: port.resolve });
  const half = connect(await port.promise, '127.0.0.1');
  half.write('half');
  expect((await receiving).bytes).toBe(4);
  await once(half, 'close');
});

test('sending to nobody fails', async () => {
  const port = Promise.withResolvers<number>();
  await receive({ address: '127.0.0.1', timeoutMs: 0, onPort: port.resolve });
  await expect(send({ address: '127.0.0.1', port: await port.promise }, 1)).rejects.toThrow('ECONNREFUSED');
});
