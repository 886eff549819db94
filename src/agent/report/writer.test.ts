import { describe, expect, it } from 'vitest';
import type { NodeReportSpec, ReportedPeer } from '../../api/v1alpha1/node-report.ts';
import { pass } from '../../kube/fake.ts';
import { fakeClock, fakeLog } from '../../runtime/fake.ts';
import { ReportWriter } from './writer.ts';

type Connection = NonNullable<ReportedPeer['connection']>;

/** A writer on a clock that a test moves; `writes` are the seconds at which a shard was written. */
function world() {
  const clock = fakeClock();
  const contents = new Map<number, Omit<NodeReportSpec, 'nodeName' | 'nodeUID' | 'observedTime'>>();
  const stored = new Map<number, NodeReportSpec>();
  const writes: { shard: number; at: number }[] = [];
  const down = { value: false };
  const contentOf = (shard: number): NodeReportSpec => {
    const observedTime = new Date(clock.now()).toISOString();
    return { nodeName: 'n1', nodeUID: 'u1', observedTime, ...contents.get(shard) };
  };
  const storage = {
    spec: (shard: number) => stored.get(shard),
    verify: async () => undefined,
    get shardCount() {
      return Math.max(0, ...stored.keys());
    },
    write: async (shard: number, spec: NodeReportSpec) => {
      if (down.value) throw new Error('the API server is away');
      stored.set(shard, structuredClone(spec));
      writes.push({ shard, at: Math.round(clock.monotonic() / 100) / 10 });
    },
  };
  const writer = new ReportWriter({ storage, contentOf, clock, log: fakeLog(), onWritten: () => undefined });
  const set = (shard: number, ...peers: ReportedPeer[]) => {
    contents.set(shard, { peers });
    writer.changed(shard);
  };
  const of = (shard: number) => writes.filter((write) => write.shard === shard).map(({ at }) => at);
  return { clock, writer, writes, stored, contents, down, set, of };
}

const entry = (generation: number, connection?: Connection): ReportedPeer => ({
  uid: 'a',
  generation,
  ...(connection && { connection }),
});
const seen = (state: Connection['state'], time = '2026-01-01T00:00:00Z') => ({ state, lastHandshakeTime: time });

async function running(work: (at: ReturnType<typeof world>) => Promise<void>): Promise<void> {
  const at = world();
  const stop = new AbortController();
  const ended = at.writer.run(stop.signal);
  await pass(at.clock, 100);
  await work(at);
  stop.abort();
  await ended;
}

describe('ReportWriter', () => {
  it('writes the first change after a quiet second at once, later ones once a second', () =>
    running(async ({ clock, set, of, stored }) => {
      set(1, entry(1));
      await pass(clock, 100);
      expect(of(1)).toEqual([0.1]);
      set(1, entry(2));
      await pass(clock, 500);
      set(1, entry(3));
      await pass(clock, 2_000);
      expect(of(1)).toEqual([0.1, 1.1]);
      expect(stored.get(1)?.peers).toEqual([entry(3)]);
    }));

  it('does not let one shard wait for another', () =>
    running(async ({ clock, set, of }) => {
      set(1, entry(1));
      await pass(clock, 200);
      set(2, entry(1));
      await pass(clock, 100);
      expect(of(2)).toEqual([0.3]);
    }));

  it('writes nothing when nothing but the time is different', () =>
    running(async ({ clock, set, writes, writer }) => {
      set(1, entry(1));
      await pass(clock, 1_000);
      const before = writes.length;
      writer.changed(1);
      writer.changed(0);
      await pass(clock, 150_000);
      // s000 was written once, because there is a first shard now.
      expect(writes.slice(before).filter(({ shard }) => shard === 1)).toEqual([]);
      expect(writes.filter(({ shard }) => shard === 0)).toHaveLength(1);
    }));

  it('tells of a first handshake at once, of other transitions every 15 s', () =>
    running(async ({ clock, set, of }) => {
      set(1, entry(1, seen('Never')));
      await pass(clock, 5_000);
      set(1, entry(1, seen('Connected')));
      await pass(clock, 100);
      expect(of(1)).toEqual([0.1, 5.1]);
      set(1, entry(1, seen('Idle')));
      await pass(clock, 14_000);
      expect(of(1)).toHaveLength(2);
      await pass(clock, 1_500);
      expect(of(1)).toEqual([0.1, 5.1, 20.1]);
    }));

  it('refreshes handshake times one shard a minute, in turn', () =>
    running(async ({ clock, set, contents, of }) => {
      set(1, entry(1, seen('Connected')));
      set(2, entry(1, seen('Connected')));
      await pass(clock, 1_000);
      const later = { peers: [entry(1, seen('Connected', '2026-01-01T00:02:00Z'))] };
      contents.set(1, later);
      contents.set(2, later);
      await pass(clock, 180_000);
      expect([of(1), of(2)]).toEqual([
        [0.1, 60],
        [0.1, 120],
      ]);
    }));

  it('says that a shard is there only after it is there', () =>
    running(async ({ clock, set, writes }) => {
      set(1, entry(1));
      await pass(clock, 2_000);
      expect(writes.map(({ shard }) => shard)).toEqual([1, 0]);
    }));

  it('keeps trying while the API server is away, and writes the newest', () =>
    running(async ({ clock, set, down, of, stored }) => {
      down.value = true;
      set(1, entry(1));
      await pass(clock, 5_000);
      set(1, entry(2));
      down.value = false;
      await pass(clock, 16_000);
      expect(of(1)).toHaveLength(1);
      expect(stored.get(1)?.peers).toEqual([entry(2)]);
    }));
});
