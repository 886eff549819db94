import { SHARD_CAPACITY } from '../../api/v1alpha1/node-report.ts';

/** The highest number that `shardCount` and the names of reports hold. */
const MAX_SHARDS = 999;

/**
 * Which peer is reported in which shard, counted from 1: in order of arrival, sticky, a freed place is used again. The
 * operator reads shards as they change, so a peer that moved would look gone for a moment.
 */
export class Shards {
  readonly #members = new Map<number, Set<string>>();
  readonly #shardOf = new Map<string, number>();

  /** How many shards have ever been used; they stay, even empty. */
  get count(): number {
    return this.#members.size;
  }

  /** A shard as it was stored by an earlier process. A peer in two of them stays in the first. */
  adopt(shard: number, uids: Iterable<string>): void {
    for (let index = this.count + 1; index <= shard; index++) this.#members.set(index, new Set());
    for (const uid of uids) if (!this.#shardOf.has(uid)) this.#put(uid, shard);
  }

  /** The shard of a peer, which gets a place if it has none. Undefined when all are full. */
  place(uid: string): number | undefined {
    const shard = this.#shardOf.get(uid) ?? this.#free();
    if (shard !== undefined) this.#put(uid, shard);
    return shard;
  }

  /** Gives the place back; the shard in which it was. */
  release(uid: string): number | undefined {
    const shard = this.#shardOf.get(uid);
    if (shard !== undefined) this.#members.get(shard)?.delete(uid);
    this.#shardOf.delete(uid);
    return shard;
  }

  members(shard: number): readonly string[] {
    return [...(this.#members.get(shard) ?? [])];
  }

  #free(): number | undefined {
    for (const [shard, members] of this.#members) if (members.size < SHARD_CAPACITY) return shard;
    return this.count < MAX_SHARDS ? this.count + 1 : undefined;
  }

  #put(uid: string, shard: number): void {
    const members = this.#members.get(shard) ?? new Set();
    this.#members.set(shard, members.add(uid));
    this.#shardOf.set(uid, shard);
  }
}
