import { describe, expect, it } from 'vitest';
import type { Holder } from '../book-block.ts';
import { parsePool } from '../pool.ts';
import type { PoolSpace } from '../pool.ts';
import { checkRequestedAddresses } from './requested-addresses.ts';

const spaces = ['10.0.0.0/24', '10.2.0.0/24', 'fd00::/64'].map((cidr) => parsePool({ cidr })) as PoolSpace[];

function holder(rest: Partial<Holder['peer']> = {}, releaseTime?: string): Holder {
  const peer = { namespace: 'net', name: 'branch-1', uid: 'other', ...rest };
  return { gateway: { namespace: 'net', name: 'edge' }, peer, ...(releaseTime === undefined ? {} : { releaseTime }) };
}

function check(addresses: string[], holders: Record<string, Holder> = {}) {
  const self = { namespace: 'net', uid: 'me' };
  return checkRequestedAddresses({ addresses, spaces, self, holderOf: (address) => holders[address] });
}

describe('checkRequestedAddresses', () => {
  it('accepts free addresses, one of each family, outside the automatic range too', () => {
    expect(check(['10.2.0.9', 'fd00::ffff:1'])).toEqual([]);
    expect(check([])).toEqual([]);
  });

  it('accepts an address that the peer has already', () => {
    expect(check(['10.0.0.9'], { '10.0.0.9': holder({ uid: 'me' }) })).toEqual([]);
  });

  it.each(['10.1.0.9', '10.0.0.0', '10.0.0.1', '10.0.0.255', 'fd00::', 'fd00::1', 'fd01::9'])(
    'refuses %s as outside what the pools give',
    (address) => {
      const [problem, ...others] = check([address]);
      expect(problem).toMatchObject({ code: 'AddressOutOfPool', path: 'spec.addresses[0]' });
      expect(problem?.message).toContain(address);
      expect(others).toEqual([]);
    },
  );

  it('names the pools to choose from', () => {
    expect(check(['10.1.0.9'])[0]?.message).toBe(
      'spec.addresses[0] 10.1.0.9 lies outside the pools of the gateway; request one of 10.0.0.0/24, 10.2.0.0/24, fd00::/64.',
    );
  });

  it('names the holder in the same namespace only', () => {
    expect(check(['10.0.0.9'], { '10.0.0.9': holder() })).toEqual([
      {
        code: 'AddressInUse',
        path: 'spec.addresses[0]',
        message: 'spec.addresses[0] 10.0.0.9 belongs to peer branch-1; request another, or none to get a free one.',
      },
    ]);
    const elsewhere = check(['10.0.0.9'], { '10.0.0.9': holder({ namespace: 'secret' }) })[0];
    expect(elsewhere?.code).toBe('AddressInUse');
    expect(elsewhere?.message).not.toMatch(/branch-1|secret/);
  });

  it('refuses a quarantined address, whoever had it', () => {
    const quarantined = holder({ uid: 'me' }, '2026-01-01T00:00:00Z');
    expect(check(['10.0.0.9'], { '10.0.0.9': quarantined })[0]?.message).toContain('quarantined');
  });

  it('refuses a second address of one family, in whichever pool', () => {
    expect(check(['10.0.0.9', 'fd00::9', '10.2.0.9'])).toMatchObject([
      { code: 'InvalidObject', path: 'spec.addresses[2]' },
    ]);
  });

  it('refuses what is not canonical and still looks at the others', () => {
    expect(check(['FD00::9', '10.1.0.9'])).toMatchObject([
      { code: 'InvalidObject', path: 'spec.addresses[0]' },
      { code: 'AddressOutOfPool', path: 'spec.addresses[1]' },
    ]);
  });
});
