import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressBook } from '../../mesh/address-book.ts';
import { blockOf } from '../../mesh/blocks.ts';
import type { Address } from '../../mesh/model.ts';
import { addressesOn, allocation, MemoryBlocks, requestOf } from './addresses.testing.ts';
import type { AddressAnswer } from './address-request.ts';

const V4 = { cidr: '10.90.1.0/24' };
const SMALL = [{ cidr: '10.90.1.0/29' }, { cidr: 'fd00:90::/125' }];
/** 8 addresses less network, broadcast and gateway; in IPv6 less the first and the gateway's. */
const SMALL_4 = 5;
const address = (text: string) => text as Address;
const granted = (...addresses: string[]) => ({ kind: 'Granted', addresses });

describe('addresses', () => {
  it('are one of each family, and the same again for the same peer', async () => {
    const addresses = addressesOn(new MemoryBlocks());
    const request = requestOf('a', SMALL);
    const answer = await addresses.ensure(request);
    expect(answer).toMatchObject({ kind: 'Granted', addresses: [expect.any(String), expect.any(String)] });
    expect(await addresses.ensure(request)).toEqual(answer);
  });

  it('are found again in the blocks by an operator that has just started, whatever the status says', async () => {
    const blocks = new MemoryBlocks();
    const answer = await addressesOn(blocks).ensure(requestOf('a', SMALL));
    const writes = blocks.writes;
    const later = addressesOn(blocks);
    for (const [name, state] of blocks.states) later.observe(name, state);
    expect(await later.ensure(requestOf('a', SMALL, { granted: [address('10.90.1.6')] }))).toEqual(answer);
    expect(blocks.writes).toBe(writes);
  });

  it('are those requested, and the request of another for one of them is refused with its holder', async () => {
    const addresses = addressesOn(new MemoryBlocks());
    const requested = [address('10.90.1.77')];
    expect(await addresses.ensure(requestOf('a', [V4], { requested }))).toEqual(granted('10.90.1.77'));
    expect(await addresses.ensure(requestOf('b', [V4], { requested }))).toMatchObject({
      kind: 'Refused',
      problems: [{ code: 'AddressInUse', message: expect.stringContaining('belongs to peer a') }],
    });
  });

  it('of a re-created peer come back, wait or change as the policy says', async () => {
    for (const [policy, expected] of [
      ['Return', granted('10.90.1.77')],
      ['Wait', { kind: 'Waiting' }],
      ['Skip', { kind: 'Granted', addresses: [expect.not.stringMatching('10.90.1.77')] }],
    ] as const) {
      const addresses = addressesOn(new MemoryBlocks(), { returnPolicy: () => policy });
      await addresses.ensure(requestOf('a', [V4], { requested: [address('10.90.1.77')] }));
      await addresses.release({ uid: 'uid-a' }, [address('10.90.1.77')]);
      const peer = { namespace: 'net', name: 'a', uid: 'uid-next' };
      expect(await addresses.ensure(requestOf('a', [V4], { peer }))).toEqual(expected);
    }
  });

  it('of a re-created peer wait while the record of the old one stands, requested or not', async () => {
    const addresses = addressesOn(new MemoryBlocks(), { returnPolicy: () => 'Wait' });
    await addresses.ensure(requestOf('a', [V4], { requested: [address('10.90.1.77')] }));
    const peer = { namespace: 'net', name: 'a', uid: 'uid-next' };
    const again = requestOf('a', [V4], { peer, requested: [address('10.90.1.77')] });
    expect(await addresses.ensure(requestOf('a', [V4], { peer }))).toEqual({ kind: 'Waiting' });
    expect(await addresses.ensure(again)).toEqual({ kind: 'Waiting' });
    await addresses.release({ uid: 'uid-a' }, [address('10.90.1.77')]);
    expect(await addresses.ensure(again)).toEqual({ kind: 'Waiting' });
    const elsewhere = requestOf('a', [V4], { peer, requested: [address('10.90.1.78')] });
    expect(await addresses.ensure(elsewhere)).toEqual(granted('10.90.1.78'));
  });

  it('that a peer gave back itself it may have again at once', async () => {
    const addresses = addressesOn(new MemoryBlocks(), { returnPolicy: () => 'Skip' });
    for (const wanted of ['10.90.1.77', '10.90.1.78', '10.90.1.77']) {
      const answer = await addresses.ensure(requestOf('a', [V4], { requested: [address(wanted)] }));
      expect(answer).toEqual(granted(wanted));
      const other = wanted.endsWith('7') ? '10.90.1.78' : '10.90.1.77';
      await addresses.release({ uid: 'uid-a' }, [address(other)]);
    }
  });

  it('that are quarantined go to nobody else', async () => {
    const blocks = new MemoryBlocks();
    const addresses = addressesOn(blocks);
    for (let index = 0; index < SMALL_4; index++) await addresses.ensure(requestOf(`p${index}`, SMALL.slice(0, 1)));
    const [held] = blocks.holders();
    const freed = address(`10.90.1.${held?.allocation.offset}`);
    await addresses.release(held?.allocation.peer ?? { uid: '' }, [freed]);
    expect(await addresses.ensure(requestOf('new', SMALL.slice(0, 1)))).toMatchObject({
      problems: [{ code: 'PoolExhausted' }],
    });
    await addresses.free(held?.allocation.peer ?? { uid: '' }, [freed]);
    expect(await addresses.ensure(requestOf('new', SMALL.slice(0, 1)))).toEqual(granted(freed));
  });

  it('of which the record was lost are recorded again where the status says', async () => {
    const addresses = addressesOn(new MemoryBlocks());
    const request = requestOf('a', [V4], { granted: [address('10.90.1.42')] });
    expect(await addresses.ensure(request)).toEqual(granted('10.90.1.42'));
  });

  it('are not given from a block that cannot be read, and its peers keep what they have', async () => {
    const book = new AddressBook();
    const addresses = addressesOn(new MemoryBlocks(), { book });
    const pools = [{ cidr: '10.90.0.0/23' }];
    book.closeBlock('v4-0a5a0000');
    expect(await addresses.ensure(requestOf('new', pools))).toEqual(granted(expect.stringMatching(/^10\.90\.1\./)));
    for (const rest of [{ granted: [address('10.90.0.9')] }, { requested: [address('10.90.0.9')] }]) {
      expect(await addresses.ensure(requestOf('old', pools, rest))).toMatchObject({
        kind: 'Refused',
        problems: [{ code: 'BlockCorrupt', message: expect.stringContaining('v4-0a5a0000') }],
      });
    }
  });

  it('are forgotten with their block only when no newer one is known', async () => {
    const blocks = new MemoryBlocks();
    const book = new AddressBook();
    const addresses = addressesOn(blocks, { book });
    await addresses.ensure(requestOf('a', [V4]));
    const [name, state] = [...blocks.states][0] ?? ['', undefined];
    addresses.vanished(name, '99');
    expect(book.addressesOf('uid-a')).toHaveLength(1);
    addresses.vanished(name, state?.resourceVersion ?? '');
    expect(book.addressesOf('uid-a')).toHaveLength(0);
  });

  it('that another operator took back long ago are not granted again by one whose blocks lag behind the peers', async () => {
    const blocks = new MemoryBlocks();
    const [lagging, ahead] = [addressesOn(blocks), addressesOn(blocks)];
    const asking = (wanted: string, ...status: string[]) =>
      requestOf('a', [V4], { requested: [address(wanted)], granted: status.map(address) });
    await lagging.ensure(asking('10.90.1.77'));
    expect(await ahead.ensure(asking('10.90.1.78', '10.90.1.77'))).toEqual(granted('10.90.1.78'));
    await ahead.release({ uid: 'uid-a' }, [address('10.90.1.77')]);
    await ahead.free({ uid: 'uid-a' }, [address('10.90.1.77')]);
    const other = requestOf('b', [V4], { requested: [address('10.90.1.77')] });
    expect(await ahead.ensure(other)).toEqual(granted('10.90.1.77'));
    const current = requestOf('a', [V4], { granted: [address('10.90.1.78')] });
    expect(await lagging.ensure(current)).toEqual(granted('10.90.1.78'));
    expect(await lagging.ensure(asking('10.90.1.77', '10.90.1.78'))).toMatchObject({
      kind: 'Refused',
      problems: [{ code: 'AddressInUse' }],
    });
  });

  it('of a peer that has two in a family are the one in its status, else the lowest', async () => {
    const addresses = addressesOn(new MemoryBlocks());
    const both = [allocation(9, 'a'), allocation(200, 'a')];
    addresses.observe('v4-0a5a0100', { resourceVersion: '5', uid: 'u', allocations: both });
    expect(await addresses.ensure(requestOf('a', [V4]))).toEqual(granted('10.90.1.9'));
    const status = { granted: [address('10.90.1.200')] };
    expect(await addresses.ensure(requestOf('a', [V4], status))).toEqual(granted('10.90.1.200'));
  });
});

interface Wish {
  readonly name: string;
  readonly requested: readonly Address[];
}

const wish = fc.record({ request: fc.option(fc.integer({ min: 2, max: 6 })) });

describe('several operators at once, in any interleaving', () => {
  it('give no address twice, each peer one of each family, and refuse only what is full or taken', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(wish, { minLength: 1, maxLength: 8 }), async (scheduler, wishes) => {
        const blocks = new MemoryBlocks(() => scheduler.schedule(Promise.resolve()));
        const peers = wishes.map(({ request }, index): Wish => {
          return { name: `p${index}`, requested: request === null ? [] : [address(`10.90.1.${request}`)] };
        });
        const operators = [addressesOn(blocks), addressesOn(blocks), addressesOn(blocks)];
        const asked = peers.flatMap((peer) =>
          operators.map(async (operator) => {
            const answer = await operator.ensure(requestOf(peer.name, SMALL, { requested: peer.requested }));
            return { peer, answer };
          }),
        );
        const answers = await scheduler.waitFor(Promise.all(asked));
        expect(faults(blocks, answers)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});

/** What is wrong with the blocks and answers; empty when nothing is. */
function faults(blocks: MemoryBlocks, answers: readonly { peer: Wish; answer: AddressAnswer }[]): string[] {
  const held = new Map<string, string[]>();
  for (const { block, allocation: entry } of blocks.holders()) {
    const key = `${entry.peer.name} ${block.slice(0, 2)}`;
    held.set(key, [...(held.get(key) ?? []), `${block}+${entry.offset}`]);
  }
  const doubled = [...held].filter(([, places]) => places.length > 1).map(([key]) => `${key} holds two`);
  const isFull = blocks.holders().filter(({ block }) => block.startsWith('v4')).length === SMALL_4;
  const wrong = answers.filter(({ peer, answer }) => !isRight(answer, { peer, held, isFull }));
  return [...doubled, ...wrong.map(({ peer, answer }) => `${peer.name}: ${JSON.stringify(answer)}`)];
}

interface Truth {
  readonly peer: Wish;
  readonly held: ReadonlyMap<string, readonly string[]>;
  readonly isFull: boolean;
}

function isRight(answer: AddressAnswer, { peer, held, isFull }: Truth): boolean {
  if (answer.kind === 'Granted') {
    const places = answer.addresses.map((one) => held.get(`${peer.name} ${one.includes(':') ? 'v6' : 'v4'}`)?.[0]);
    return answer.addresses.length === 2 && answer.addresses.every((one, index) => places[index] === at(one));
  }
  const code = answer.kind === 'Refused' ? answer.problems[0]?.code : answer.kind;
  return peer.requested.length > 0 ? code === 'AddressInUse' : code === 'PoolExhausted' && isFull;
}

function at(one: Address): string {
  const { name, offset } = blockOf(one);
  return `${name}+${offset}`;
}
