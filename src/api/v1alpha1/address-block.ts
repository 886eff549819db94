import { z } from 'zod';
import { parseNetwork } from '../ip.ts';
import { defineKind, type ObjectOf } from '../kind.ts';
import { rule } from '../rule.ts';
import { MAX_NAME_LENGTH, cidr, instant, list, objectName, objectUID } from './common.ts';

/** One address of a block and whose it is. `releaseTime` present: quarantined since then. */
export const Allocation = z
  .object({
    offset: z.int().min(0).max(255).describe('The last octet of the address.'),
    gateway: z
      .object({
        namespace: objectName(63).describe('Namespace of the gateway.'),
        name: objectName(MAX_NAME_LENGTH).describe('Name of the gateway.'),
      })
      .describe('The gateway whose pool the address is in.'),
    peer: z
      .object({
        namespace: objectName(63).describe('Namespace of the peer.'),
        name: objectName(MAX_NAME_LENGTH).describe('Name of the peer.'),
        uid: objectUID().describe('Uid of the peer.'),
      })
      .describe('The peer that the address belongs to.'),
    releaseTime: instant().optional().describe('Since when the peer is gone and the address quarantined.'),
  })
  .describe('One address and whose it is.');
export type Allocation = z.infer<typeof Allocation>;

const blockNetwork = () =>
  rule(cidr(), {
    cel: '!isCIDR(self) || cidr(self).prefixLength() == (cidr(self).ip().family() == 4 ? 24 : 120)',
    message: 'a block must be a /24 or a /120',
    messageExpression: "'%s is no block; write the /24 or /120 that the addresses lie in'.format([self])",
    check: (text) => {
      const parsed = parseNetwork(text);
      if (parsed === undefined || parsed.length === parsed.address.bits - 8) return undefined;
      return `${text} is no block; write the /24 or /120 that the addresses lie in`;
    },
  });

/** Linear in the number of entries (a map refuses a key twice), since this runs in every allocation. */
const allocations = () =>
  rule(list(Allocation, 256), {
    cel: 'self.transformMapEntry(i, a, {a.offset: i}).size() == self.size()',
    message: 'no offset may occur twice; leave the entry of one peer out',
    check: (entries) => {
      const offsets = entries.map((entry) => entry.offset);
      const repeated = offsets.find((offset, at) => offsets.indexOf(offset) !== at);
      return repeated === undefined ? undefined : `offset ${repeated} occurs twice; leave the entry of one peer out`;
    },
  });

export const AddressBlockSpec = z
  .object({
    cidr: blockNetwork().describe('The aligned /24 or /120, canonical.'),
    allocations: allocations().describe('The addresses that are given or quarantined.'),
  })
  .describe('Which address belongs to whom.');
export type AddressBlockSpec = z.infer<typeof AddressBlockSpec>;

/** The only source of uniqueness of addresses: written by compare-and-swap. */
export const WireGuardAddressBlock = defineKind({
  kind: 'WireGuardAddressBlock',
  plural: 'wireguardaddressblocks',
  singular: 'wireguardaddressblock',
  shortNames: ['wgb'],
  categories: [],
  description:
    'Which address of an aligned /24 or /120 belongs to whom, for all gateways. Written by the operator; the source of truth for addresses, so back it up.',
  spec: AddressBlockSpec,
  nameMaxLength: 253,
  columns: [
    { name: 'CIDR', type: 'string', jsonPath: '.spec.cidr', description: 'The network of the block' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'Since when it exists' },
  ],
});
export type WireGuardAddressBlock = ObjectOf<typeof WireGuardAddressBlock>;
