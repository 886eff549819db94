import { expect, test } from 'vitest';
import type { Prefix, PublicKey } from '../../mesh/model.ts';
import { movedInOneStep } from './moves.ts';
import type { WireGuardChange } from './wireguard.ts';

const [A, B] = ['A=' as PublicKey, 'B=' as PublicKey];
const list = (...prefixes: string[]) => prefixes as Prefix[];
const take = (publicKey: PublicKey, ...prefixes: string[]): WireGuardChange => ({
  type: 'RemoveAllowedIPs',
  publicKey,
  allowedIPs: list(...prefixes),
});
const give = (publicKey: PublicKey, ...prefixes: string[]): WireGuardChange => ({
  type: 'AddAllowedIPs',
  publicKey,
  allowedIPs: list(...prefixes),
});

test('what another peer gets is not taken away first, and what nobody gets is', () => {
  const changes = [take(A, '10.1.0.0/16', '10.2.0.0/16'), give(B, '10.1.0.0/16')];
  expect(movedInOneStep(changes)).toEqual([take(A, '10.2.0.0/16'), give(B, '10.1.0.0/16')]);
});

test('peers that exchange AllowedIPs, and one that is new, only get', () => {
  const added: WireGuardChange = {
    type: 'AddPeer',
    peer: { publicKey: 'C=' as PublicKey, allowedIPs: list('10.3.0.0/16'), persistentKeepaliveSeconds: 0 },
  };
  const given = [give(A, '10.2.0.0/16'), give(B, '10.1.0.0/16'), added];
  expect(movedInOneStep([take(A, '10.1.0.0/16'), take(B, '10.2.0.0/16', '10.3.0.0/16'), ...given])).toEqual(given);
});

test('what was given before is taken all the same', () => {
  const changes = [give(A, '10.1.0.0/16'), take(A, '10.1.0.0/16')];
  expect(movedInOneStep(changes)).toEqual(changes);
});
