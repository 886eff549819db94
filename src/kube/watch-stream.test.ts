import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { KubeObject } from './object.ts';
import { watchEvents, type WatchEvent } from './watch-stream.ts';

async function* pieces(...parts: readonly (Buffer | string)[]): AsyncGenerator<Buffer> {
  for (const part of parts) yield Buffer.from(part);
}

async function read(body: AsyncIterable<Buffer>): Promise<WatchEvent<KubeObject>[]> {
  const events: WatchEvent<KubeObject>[] = [];
  for await (const event of watchEvents<KubeObject>(body, { what: 'watch peers' })) events.push(event);
  return events;
}

const added = (name: string) => ({ type: 'ADDED', object: { metadata: { name } } });

test('however the bytes are cut, the events are the same', async () => {
  const names = ['a', 'ü-€-𝄞', 'c'.repeat(300)];
  const bytes = Buffer.from(names.map((name) => `${JSON.stringify(added(name))}\n`).join(''));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 8 }), async (cuts) => {
      const edges = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
      const parts = edges.slice(1).map((end, index) => bytes.subarray(edges[index], end));
      expect(await read(pieces(...parts))).toEqual(names.map(added));
    }),
  );
});

test('a line that was cut off by the end of the stream is not an event', async () => {
  expect(await read(pieces(`${JSON.stringify(added('a'))}\n`, '{"type":"DELETED","object":{"meta'))).toEqual([
    added('a'),
  ]);
});

test('an ERROR event becomes a typed error', async () => {
  const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
  const [event] = await read(pieces(`${JSON.stringify({ type: 'ERROR', object: status })}\n`));
  expect(event).toMatchObject({ type: 'ERROR', error: { code: 'ApiGone', status: 410 } });
});

test('what is no watch is refused without quoting it', async () => {
  for (const line of ['hunter2 says hi', '"hunter2"', '{"type":"ADDED"}', '{"type":"hunter2","object":{}}']) {
    const error: unknown = await read(pieces(`${line}\n`)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ApiBadResponse' });
    expect(String(error)).not.toContain('hunter2');
  }
});

test('a stream that breaks is an unreachable API server', async () => {
  async function* broken(): AsyncGenerator<Buffer> {
    yield Buffer.from(`${JSON.stringify(added('a'))}\n`);
    throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
  }
  await expect(read(broken())).rejects.toMatchObject({ code: 'ApiUnreachable', reason: 'ECONNRESET' });
});
