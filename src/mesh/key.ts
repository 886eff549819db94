import type { PublicKey } from './model.ts';

/**
 * Base64 of 32 bytes with a single spelling: the padding bits of the last character and bit 255, which X25519 ignores,
 * are zero.
 */
export const PUBLIC_KEY_PATTERN = /^[A-Za-z0-9+/]{41}[A-HQ-Xg-nw-z0-3][AEIMQUYcgkosw048]=$/;

/** Accepts the one text of a public key that can do a key exchange; equality of keys is then `===`. */
export function parsePublicKey(text: string): PublicKey | undefined {
  const usable = PUBLIC_KEY_PATTERN.test(text) && !LOW_ORDER.has(text) && !UNREDUCED.test(text);
  return usable ? (text as PublicKey) : undefined;
}

/** Whether every exchange with this key gives zero (RFC 7748, 6.1), so that it would protect nothing. */
export function isLowOrder(text: string): boolean {
  return LOW_ORDER.has(text);
}

/** The points of order 1, 2, 4 and 8 on the curve and its twist, in every spelling that the pattern lets through. */
const LOW_ORDER: ReadonlySet<string> = new Set([
  'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=', // 0
  'AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=', // 1
  '4Ot6fDtBuK4WVuP68Z/EatoJjeucMrH9hmIFFl9JuAA=', // order 8
  'X5yVvKNQjCSx0LFVnIPvWwREXMRYHI6G2CJO3dCfEVc=', // order 8
  '7P///////////////////////////////////////38=', // p - 1
  '7f///////////////////////////////////////38=', // p
  '7v///////////////////////////////////////38=', // p + 1
]);

/** p = 2^255 - 19 and above: X25519 reduces them, so they are second spellings of the keys 0 to 18. */
const UNREDUCED = /^(?:7[fv/]|[89+/][Pfv/])\/{39}38=$/;
