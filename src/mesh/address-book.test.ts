import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Allocation } from '../api/v1alpha1/address-block.ts';
import { AddressBook } from './address-book.ts';
import { blockOf } from './blocks.ts';
import type { Holder } from './book-block.ts';
import type { Address } from './model.ts';
import { capacityOf, isAutomatic, parsePool } from './pool.ts';
import type { PoolSpace } from './pool.ts';

const RELEASED = '2026-01-01T00:00:00Z';
const a = (text: string): Address => text as Address;

function spaceOf(cidr: string, rest: { gatewayAddress?: string; reserved?: string[] } = {}): PoolSpace {
  const space = parsePool({ cidr, ...rest });
  if (space === undefined) throw new Error(`no pool: ${cidr}`);
  return space;
}

function holder(name: string, rest: { uid?: string; releaseTime?: string } = {}): Holder {
  const { uid = `uid-${name}`, ...release } = rest;
  return { gateway: { namespace: 'net', name: 'edge' }, peer: { namespace: 'net', name, uid }, ...release };
}

const at = (offset: number, whose: Holder): Allocation => ({ offset, ...whose });

/** Records addresses the way the API server would show them: block by block. */
function record(book: AddressBook, entries: Iterable<readonly [Address, Holder]>): void {
  const blocks = new Map<string, Allocation[]>();
  for (const [address, whose] of entries) {
    const { name, offset } = blockOf(address);
    blocks.set(name, [...(blocks.get(name) ?? []), at(offset, whose)]);
  }
  for (const [name, allocations] of blocks) expect(book.setBlock(name, allocations)).toBeUndefined();
}

/** Gives addresses until there are none. */
function drain(book: AddressBook, space: PoolSpace): Address[] {
  const given: Address[] = [];
  for (let i = 0; i <= 70_000; i++) {
    const address = book.choose(space, `net/peer-${i}`);
    if (address === undefined) return given;
    expect(book.reserve(address, holder(`peer-${i}`))).toBe(true);
    given.push(address);
  }
  return expect.fail('never exhausted');
}

describe('choosing an address', () => {
  it.each([
    spaceOf('10.0.0.0/30'),
    spaceOf('10.0.0.0/22', { gatewayAddress: '10.0.1.9', reserved: ['10.0.0.0/24', '10.0.2.128/25'] }),
    spaceOf('10.0.0.64/26'),
    spaceOf('fd00::/64', { reserved: ['fd00::/114'] }),
    spaceOf('fd00::40/122'),
    spaceOf('10.8.0.0/16'),
  ])('exhausts exactly at the capacity of $cidr, giving each automatic address once', (space) => {
    const given = drain(new AddressBook(), space);
    expect(given.length).toBe(capacityOf(space));
    expect(new Set(given).size).toBe(given.length);
    expect(given.every((address) => isAutomatic(space, address))).toBe(true);
  });

  it('fills blocks in order and lets the name choose the place in a block', () => {
    const book = new AddressBook();
    const given = drain(book, spaceOf('10.0.0.0/22'));
    const blocks = given.map((address) => blockOf(address).name);
    expect(blocks).toEqual(blocks.toSorted());
    const fresh = spaceOf('10.1.0.0/16');
    expect(book.choose(fresh, 'net/x')).toBe(book.choose(fresh, 'net/x'));
    const offsets = new Set(['a', 'b', 'c', 'd', 'e'].map((seed) => book.choose(fresh, seed)));
    expect(offsets.size).toBeGreaterThan(2);
  });

  it('never gives what is recorded, quarantined, in flight or unassignable, and ends with all of them taken', () => {
    const space = spaceOf('10.0.0.248/29', { reserved: ['10.0.0.254/32'] });
    const kinds = fc.array(fc.constantFrom('free', 'recorded', 'quarantined', 'inFlight'), {
      minLength: 8,
      maxLength: 8,
    });
    fc.assert(
      fc.property(kinds, fc.string(), (states, seed) => {
        const book = new AddressBook();
        const all = states.map((state, i) => ({ state, address: a(`10.0.0.${248 + i}`) }));
        const held = all.filter(({ state }) => state === 'recorded' || state === 'quarantined');
        record(
          book,
          held.map(({ state, address }) => [
            address,
            holder(address, state === 'recorded' ? {} : { releaseTime: RELEASED }),
          ]),
        );
        for (const { state, address } of all) if (state === 'inFlight') book.reserve(address, holder('flying'));
        const free = all.filter(({ state, address }) => state === 'free' && isAutomatic(space, address));
        const chosen = book.choose(space, seed);
        expect(free.length === 0 ? [undefined] : free.map(({ address }) => address)).toContain(chosen);
      }),
    );
  });

  it('sees what is freed after a pool was exhausted', () => {
    const book = new AddressBook();
    const space = spaceOf('10.0.0.0/22');
    const given = drain(book, space);
    book.unreserve(a('10.0.1.77'), book.holderOf(a('10.0.1.77'))?.peer.uid ?? '');
    expect(book.choose(space, 'net/new')).toBe('10.0.1.77');
    record(
      book,
      given.map((address, i) => [address, holder(`peer-${i}`)] as const),
    );
    given.forEach((address, i) => book.unreserve(address, `uid-peer-${i}`));
    expect(book.choose(space, 'net/new')).toBeUndefined();
    book.removeBlock('v4-0a000200');
    expect(blockOf(book.choose(space, 'net/new') ?? a('::')).name).toBe('v4-0a000200');
  });

  it('follows a pool whose reserved networks change', () => {
    const book = new AddressBook();
    expect(book.choose(spaceOf('10.0.0.0/24', { reserved: ['10.0.0.0/24'] }), 'x')).toBeUndefined();
    expect(book.choose(spaceOf('10.0.0.0/24'), 'x')).toBeDefined();
  });

  it('lets two pools share a block without touching each other', () => {
    const book = new AddressBook();
    expect(drain(book, spaceOf('10.0.0.0/30'))).toEqual(['10.0.0.2']);
    expect(drain(book, spaceOf('10.0.0.4/30'))).toEqual(['10.0.0.6']);
  });
});

describe('rebuilding from blocks', () => {
  it('does not depend on the order of blocks and of what is in them', () => {
    const space = spaceOf('10.0.0.0/22');
    const entry = fc.record({ last: fc.nat(1023), peer: fc.nat(20), released: fc.boolean() });
    const shuffled = fc
      .uniqueArray(entry, { selector: ({ last }) => last, maxLength: 60 })
      .chain((entries) => fc.tuple(fc.constant(entries), fc.shuffledSubarray(entries, { minLength: entries.length })));
    fc.assert(
      fc.property(shuffled, (orders) => {
        const [one, two] = orders.map((entries) => {
          const book = new AddressBook();
          record(
            book,
            entries.map(({ last, peer, released }) => [
              a(`10.0.${last >> 8}.${last & 255}`),
              holder(`p${peer}`, released ? { releaseTime: RELEASED } : {}),
            ]),
          );
          const peers = Array.from({ length: 21 }, (_, i) => `p${i}`);
          return {
            counts: book.counts(space),
            addresses: peers.map((name) => book.addressesOf(`uid-${name}`)),
            quarantined: peers.map((name) =>
              book.quarantinedFor({ namespace: 'net', name }).map((held) => held.address),
            ),
            next: peers.map((name) => book.choose(space, `net/${name}`)),
          };
        });
        expect(one).toEqual(two);
      }),
      { numRuns: 50 },
    );
  });

  it('replaces what a block said before', () => {
    const book = new AddressBook();
    book.setBlock('v4-0a000000', [at(5, holder('a')), at(6, holder('b', { releaseTime: RELEASED }))]);
    book.setBlock('v4-0a000000', [at(7, holder('a'))]);
    expect(book.addressesOf('uid-a')).toEqual(['10.0.0.7']);
    expect(book.holderOf(a('10.0.0.5'))).toBeUndefined();
    expect(book.quarantinedFor({ namespace: 'net', name: 'b' })).toEqual([]);
    expect(book.counts(spaceOf('10.0.0.0/24'))).toEqual({ allocated: 1, quarantined: 0 });
    book.removeBlock('v4-0a000000');
    expect(book.addressesOf('uid-a')).toEqual([]);
  });
});

describe('what the book knows', () => {
  it('finds a peer with two addresses of one family', () => {
    const book = new AddressBook();
    book.setBlock('v4-0a000000', [
      at(9, holder('a')),
      at(5, holder('b')),
      at(4, holder('a', { releaseTime: RELEASED })),
    ]);
    book.setBlock('v4-09000000', [at(200, holder('a'))]);
    book.setBlock('v6-fd000000000000000000000000000000', [at(3, holder('a'))]);
    expect(book.duplicatesOf('uid-a')).toEqual([['9.0.0.200', '10.0.0.9']]);
    expect(book.addressesOf('uid-a')).toEqual(['9.0.0.200', '10.0.0.9', 'fd00::3']);
    expect(book.duplicatesOf('uid-b')).toEqual([]);
  });

  it('counts a part of a block for the pool that has that part', () => {
    const book = new AddressBook();
    book.setBlock('v4-0a000000', [
      at(2, holder('a')),
      at(6, holder('b')),
      at(5, holder('c', { releaseTime: RELEASED })),
    ]);
    expect(book.counts(spaceOf('10.0.0.0/30'))).toEqual({ allocated: 1, quarantined: 0 });
    expect(book.counts(spaceOf('10.0.0.4/30'))).toEqual({ allocated: 1, quarantined: 1 });
    expect(book.counts(spaceOf('10.0.0.0/16'))).toEqual({ allocated: 2, quarantined: 1 });
    expect(book.counts(spaceOf('10.1.0.0/16'))).toEqual({ allocated: 0, quarantined: 0 });
  });

  it('gives a quarantined address back to a new peer of the same name only', () => {
    const book = new AddressBook();
    const old = holder('a', { uid: 'old', releaseTime: RELEASED });
    book.setBlock('v4-0a000000', [at(5, old)]);
    expect(book.quarantinedFor({ namespace: 'net', name: 'a' })).toEqual([
      { address: '10.0.0.5', holder: expect.objectContaining(old) },
    ]);
    expect(book.addressesOf('old')).toEqual([]);
    expect(book.reserve(a('10.0.0.5'), holder('b'))).toBe(false);
    expect(book.reserve(a('10.0.0.5'), holder('a', { uid: 'new' }))).toBe(true);
    expect(book.reserve(a('10.0.0.5'), holder('a', { uid: 'newer' }))).toBe(false);
  });
});

describe('reservations', () => {
  it('belong to one peer and outlast a replaced block', () => {
    const book = new AddressBook();
    const address = a('10.0.0.5');
    expect(book.reserve(address, holder('a'))).toBe(true);
    expect(book.reserve(address, holder('a'))).toBe(true);
    expect(book.reserve(address, holder('b'))).toBe(false);
    book.setBlock('v4-0a000000', [at(5, holder('a'))]);
    book.setBlock('v4-0a000000', []);
    expect(book.holderOf(address)?.peer.name).toBe('a');
    expect(drain(book, spaceOf('10.0.0.0/24'))).not.toContain(address);
    book.unreserve(address, 'uid-b');
    expect(book.holderOf(address)?.peer.name).toBe('a');
    book.unreserve(address, 'uid-a');
    expect(book.holderOf(address)).toBeUndefined();
  });

  it('end without freeing what was recorded meanwhile', () => {
    const book = new AddressBook();
    const space = spaceOf('10.0.0.0/30');
    book.reserve(a('10.0.0.2'), holder('a'));
    book.setBlock('v4-0a000000', [at(2, holder('a'))]);
    book.unreserve(a('10.0.0.2'), 'uid-a');
    expect(book.choose(space, 'x')).toBeUndefined();
    expect(book.addressesOf('uid-a')).toEqual(['10.0.0.2']);
  });
});

describe('a block that cannot be trusted', () => {
  it('gives nothing, keeps what was known, and opens again when it is mended', () => {
    const book = new AddressBook();
    const space = spaceOf('10.0.0.0/24');
    book.setBlock('v4-0a000000', [at(5, holder('a'))]);
    const problem = book.setBlock('v4-0a000000', [at(5, holder('a')), at(5, holder('b'))]);
    expect(problem).toMatchObject({ code: 'BlockCorrupt', path: 'spec.allocations[1].offset' });
    expect(book.isClosed(a('10.0.0.9'))).toBe(true);
    expect(book.choose(space, 'x')).toBeUndefined();
    expect(book.reserve(a('10.0.0.9'), holder('c'))).toBe(false);
    expect(book.holderOf(a('10.0.0.5'))?.peer.name).toBe('a');
    expect(book.setBlock('v4-0a000000', [at(5, holder('b'))])).toBeUndefined();
    expect(book.isClosed(a('10.0.0.9'))).toBe(false);
    expect(book.choose(space, 'x')).toBeDefined();
  });

  it('does not stop the other blocks of its pool', () => {
    const book = new AddressBook();
    book.closeBlock('v4-0a000000');
    expect(blockOf(book.choose(spaceOf('10.0.0.0/22'), 'x') ?? a('::')).name).toBe('v4-0a000100');
    book.removeBlock('v4-0a000000');
    expect(blockOf(book.choose(spaceOf('10.0.0.0/22'), 'x') ?? a('::')).name).toBe('v4-0a000000');
  });

  it('is reported also when its name is none', () => {
    expect(new AddressBook().setBlock('v4-0a000001', [])?.code).toBe('BlockCorrupt');
  });
});
