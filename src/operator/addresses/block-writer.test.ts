import { describe, expect, it } from 'vitest';
import { allocation, MemoryBlocks } from './addresses.testing.ts';
import type { BlockChange } from './block-changes.ts';
import { type BlockState, type BlockStorage, BlockWriter } from './block-writer.ts';

const NAME = 'v4-0a5a0100';
const add = (offset: number, name: string): BlockChange => ({
  type: 'Add',
  allocation: allocation(offset, name),
  only: true,
});

function scene(wrap: (storage: BlockStorage) => BlockStorage = (storage) => storage) {
  const blocks = new MemoryBlocks();
  const confirmed: BlockState[] = [];
  const writer = new BlockWriter(wrap(blocks.storageOf(NAME)), (state) => confirmed.push(state));
  const offsets = () => blocks.holders().map((holder) => holder.allocation.offset);
  return { blocks, writer, confirmed, offsets };
}

describe('the writer of a block', () => {
  it('writes twice for however many changes come before and during the first write', async () => {
    let during: Promise<unknown> = Promise.resolve();
    const late = () => Promise.all([101, 102, 103].map((offset) => made.writer.submit(add(offset, `late${offset}`))));
    let writes = 0;
    const made = scene((storage) => ({
      ...storage,
      write: (state, allocations) => {
        writes += 1;
        if (writes === 1) during = late();
        return storage.write(state, allocations);
      },
    }));
    const first = Array.from({ length: 100 }, (_, offset) => made.writer.submit(add(offset, `p${offset}`)));
    expect(new Set(await Promise.all(first))).toEqual(new Set(['Done']));
    await during;
    expect([made.blocks.writes, made.blocks.reads, made.offsets().length]).toEqual([2, 1, 103]);
    expect(made.writer.busy).toBe(false);
  });

  it('reads and decides again when another was faster, and then gives each change its own outcome', async () => {
    const { blocks, writer, offsets } = scene();
    await writer.submit(add(1, 'a'));
    blocks.put(NAME, blocks.states.get(NAME) ?? none, [allocation(1, 'a'), allocation(2, 'rival')]);
    expect(await Promise.all([writer.submit(add(2, 'b')), writer.submit(add(3, 'c'))])).toEqual(['Conflict', 'Done']);
    expect(offsets()).toEqual([1, 2, 3]);
  });

  it('reads before the next write after one of which nobody knows whether it was applied', async () => {
    let fail = true;
    const { blocks, writer, offsets } = scene((storage) => ({
      ...storage,
      write: async (state, allocations) => {
        const written = await storage.write(state, allocations);
        if (fail) throw new Error('connection reset');
        return written;
      },
    }));
    await expect(writer.submit(add(1, 'a'))).rejects.toThrow('connection reset');
    fail = false;
    expect(await writer.submit(add(1, 'a'))).toBe('Done');
    expect([blocks.reads, blocks.writes, offsets()]).toEqual([2, 1, [1]]);
  });

  it('writes nothing when nothing changes', async () => {
    const { blocks, writer } = scene();
    expect(await writer.submit({ type: 'Free', offset: 4, peerUid: 'uid-x' })).toBe('Done');
    expect([blocks.writes, blocks.reads]).toEqual([0, 1]);
  });

  it('takes newer states from a watch and ignores older ones', async () => {
    const { writer, blocks } = scene();
    expect(writer.observe({ resourceVersion: '50', uid: 'u', allocations: [] })).toBe(true);
    expect(writer.observe({ resourceVersion: '50', uid: 'u', allocations: [] })).toBe(false);
    expect(writer.observe({ resourceVersion: '9', uid: 'u', allocations: [] })).toBe(false);
    expect(writer.observe({ resourceVersion: '100', uid: 'u', allocations: [] })).toBe(true);
    expect(blocks.reads).toBe(0);
  });

  it('does not go back to the answer of its own write when a watch has shown a newer state meanwhile', async () => {
    const newer: BlockState = { resourceVersion: '900', uid: 'u', allocations: [allocation(9, 'rival')] };
    const { writer, confirmed } = scene((storage) => ({
      ...storage,
      write: async (state, allocations) => {
        const written = await storage.write(state, allocations);
        writer.observe(newer);
        return written;
      },
    }));
    expect(await writer.submit(add(1, 'a'))).toBe('Done');
    expect(confirmed.map((state) => state.resourceVersion)).not.toContain('101');
    expect(writer.observe({ ...newer, resourceVersion: '899' })).toBe(false);
  });

  it('does not go back to what it read when a watch has shown a newer state meanwhile', async () => {
    const { writer, confirmed, blocks } = scene((storage) => ({
      ...storage,
      read: async () => {
        const read = await storage.read();
        const rival = blocks.put(NAME, read, [allocation(9, 'rival')]);
        if (rival !== 'Lost') writer.observe(rival);
        return read;
      },
    }));
    expect(await writer.submit(add(9, 'a'))).toBe('Conflict');
    expect(confirmed).toEqual([]);
  });

  it('reads again after a watch said that the block is gone, unless it knows a newer one', async () => {
    const { writer, blocks } = scene();
    await writer.submit(add(1, 'a'));
    expect(writer.vanished('50')).toBe(false);
    expect(writer.vanished('101')).toBe(true);
    blocks.states.clear();
    await writer.submit(add(2, 'b'));
    expect(blocks.holders().map((holder) => holder.allocation.offset)).toEqual([2]);
  });
});

const none: BlockState = { resourceVersion: '0', allocations: [] };
