import { z } from 'zod';
import { rule } from './rule.ts';

/**
 * Every 32-byte string has one form here: the usual `{43}=` would also take text aliases of base64 (unused bits) and
 * the alias in bit 255, which Curve25519 ignores: two strings, one key.
 */
const PATTERN = '^[A-Za-z0-9+/]{41}[A-HQ-Xg-nw-z0-3][AEIMQUYcgkosw048]=$';

/**
 * The points of low order that the pattern admits: 0, 1, the two of order 8, p-1, p and p+1 (RFC 7748 §6.1). With any of
 * them the shared secret is zero, whatever the private key.
 */
export const LOW_ORDER_POINTS = [
  'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=',
  'AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=',
  'X5yVvKNQjCSx0LFVnIPvWwREXMRYHI6G2CJO3dCfEVc=',
  '4Ot6fDtBuK4WVuP68Z/EatoJjeucMrH9hmIFFl9JuAA=',
  '7P///////////////////////////////////////38=',
  '7f///////////////////////////////////////38=',
  '7v///////////////////////////////////////38=',
] as const;

/** p = 2^255 - 19 and above: Curve25519 reduces them, so they are second spellings of the keys 0 to 18. */
const UNREDUCED = '^(7[fv/]|[89+/][Pfv/])/{39}38=$';

const FORM = 'write the 44 characters that `wg pubkey` prints';

/** A Curve25519 public key in its one base64 form. */
export const publicKey = () =>
  rule(wellFormed(), {
    cel: `!self.matches('${UNREDUCED}')`,
    message: 'must be the one spelling of a key; make a new key pair',
    messageExpression: "'%s is a second spelling of another key; make a new key pair'.format([self])",
    check: (key) =>
      new RegExp(UNREDUCED).test(key) ? `${key} is a second spelling of another key; make a new key pair` : undefined,
  });

const wellFormed = () =>
  rule(
    rule(z.string().min(1).max(128), {
      cel: `self.matches('${PATTERN}')`,
      message: `must be a WireGuard public key: ${FORM}`,
      messageExpression: `'%s is not a WireGuard public key; ${FORM}'.format([self])`,
      check: (key) => (isKey(key) ? undefined : `${key} is not a WireGuard public key; ${FORM}`),
    }),
    {
      cel: `!(self in [${LOW_ORDER_POINTS.map((point) => `'${point}'`).join(', ')}])`,
      message: 'must not be a low-order point of Curve25519; make a new key pair',
      messageExpression:
        "'%s is a low-order point of Curve25519, with which nothing is encrypted; make a new key pair'.format([self])",
      check: (key) =>
        LOW_ORDER_POINTS.some((point) => point === key)
          ? `${key} is a low-order point of Curve25519, with which nothing is encrypted; make a new key pair`
          : undefined,
    },
  );

function isKey(key: string): boolean {
  return new RegExp(PATTERN).test(key);
}
