import { LOW_ORDER_POINTS } from '../../../src/api/public-key.ts';
import { WireGuardPeer } from '../../../src/api/v1alpha1/index.ts';
import type { CaseTable } from './case.ts';
import { KEY, bad, good, peer } from './samples.ts';

const key = (publicKey: string) => peer({ publicKey });
const addresses = (...given: readonly string[]) => peer({ addresses: given });

const FORM = 'write the 44 characters that `wg pubkey` prints';
const NEW_PAIR = 'make a new key pair';

/** Texts that name the same 32 bytes or the same point as another text. */
const ALIASES: Readonly<Record<string, string>> = {
  'whose unused bits are set': `${KEY.slice(0, 42)}x=`,
  'whose bit 255 is set': `${KEY.slice(0, 41)}8kw=`,
  'without its padding': KEY.slice(0, 43),
  'in the alphabet for addresses': `-_${KEY.slice(2)}`,
  'with a blank at the end': `${KEY} `,
  'with a line break at the end': `${KEY}\n`,
  'in hex': '1c8828f7137324c58b2804928624ea2326f1674537c062e251e2753ca7fcca4c',
};

export const peerCases: CaseTable = {
  kind: WireGuardPeer,
  about: 'identity and addresses',
  cases: [
    good('the required fields', peer({})),
    good('no key', peer({ publicKey: undefined })),
    good('addresses and a state', peer({ addresses: ['10.90.1.7', 'fd00:90::107'], state: 'Disabled' })),
    good('an IPv6 address before an IPv4 one', addresses('fd00:90::107', '10.90.1.7')),
    good('no addresses', addresses()),
    good('the gateway name of 52 characters', peer({ gatewayRef: { name: 'g'.repeat(52) } })),
    good('the smallest key that is no low-order point', key('AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=')),
    good('the largest key below p-1', key('6////////////////////////////////////////38=')),

    bad('no gateway', peer({ gatewayRef: undefined }), ['spec.gatewayRef', 'required']),
    bad('a gateway without a name', peer({ gatewayRef: {} }), ['spec.gatewayRef.name', 'required']),
    bad('a gateway of another namespace', peer({ gatewayRef: { name: 'net/edge' } }), [
      'spec.gatewayRef.name',
      'net/edge',
      'write lower-case letters',
    ]),
    bad('a gateway name with a capital', peer({ gatewayRef: { name: 'Edge' } }), [
      'spec.gatewayRef.name',
      'Edge',
      'write lower-case letters',
    ]),
    bad('a gateway name of 53 characters', peer({ gatewayRef: { name: 'g'.repeat(53) } }), [
      'spec.gatewayRef.name',
      '52',
    ]),
    bad('a name of 53 characters', peer({}, 'p'.repeat(53)), ['', 'p'.repeat(53), '53', 'choose a shorter one']),
    bad('an empty key', key(''), ['spec.publicKey', '1']),
    bad('a word as key', key('secret'), ['spec.publicKey', 'secret is not a WireGuard public key', FORM]),
    ...Object.entries(ALIASES).map(([name, alias]) =>
      bad(`a key ${name}`, key(alias), ['spec.publicKey', alias.trim(), 'a WireGuard public key', FORM]),
    ),
    ...LOW_ORDER_POINTS.map((point) =>
      bad(`the low-order point ${point}`, key(point), ['spec.publicKey', point, 'low-order point', NEW_PAIR]),
    ),
    ...[
      '7////////////////////////////////////////38=',
      '8P///////////////////////////////////////38=',
      `${'/'.repeat(41)}38=`,
    ].map((alias) =>
      bad(`the unreduced key ${alias}`, key(alias), [
        'spec.publicKey',
        alias,
        'second spelling of another key',
        NEW_PAIR,
      ]),
    ),
    bad('two IPv4 addresses', addresses('10.90.1.7', '10.90.1.8'), [
      'spec.addresses',
      '10.90.1.7, 10.90.1.8 are of one family',
      'at most one IPv4 and one IPv6',
    ]),
    bad('two IPv6 addresses', addresses('fd00:90::7', 'fd00:90::8'), [
      'spec.addresses',
      'fd00:90::7, fd00:90::8',
      'at most one',
    ]),
    bad('the same address twice', addresses('10.90.1.7', '10.90.1.7'), [
      'spec.addresses',
      '10.90.1.7, 10.90.1.7',
      'at most one',
    ]),
    bad('three addresses', addresses('10.90.1.7', 'fd00:90::7', 'fd00:90::8'), ['spec.addresses', '2']),
    bad('an address with a prefix length', addresses('10.90.1.7/32'), [
      'spec.addresses[0]',
      '10.90.1.7/32 is not an address',
      'like 10.90.0.1',
    ]),
    bad('an address with zeros in front', addresses('10.090.1.7'), [
      'spec.addresses[0]',
      '10.090.1.7',
      'like 10.90.0.1',
    ]),
    bad('an address in capitals', addresses('FD00:90::7'), ['spec.addresses[0]', 'FD00:90::7', 'write fd00:90::7']),
    bad('an address that is not the shortest form', addresses('fd00:90:0:0:0:0:0:7'), [
      'spec.addresses[0]',
      'write fd00:90::7',
    ]),
    bad('an unknown state', peer({ state: 'Off' }), ['spec.state', '"Off"', '"Enabled"', '"Disabled"']),

    {
      name: 'changes of what may change',
      old: peer({}),
      object: peer({
        publicKey: '6////////////////////////////////////////38=',
        addresses: ['10.90.1.7'],
        state: 'Disabled',
      }),
    },
    {
      name: 'another gateway',
      old: peer({}),
      object: peer({ gatewayRef: { name: 'other' } }),
      bad: { field: 'spec.gatewayRef.name', says: ['edge cannot become other', 'delete the peer and create it anew'] },
    },
    {
      name: 'the gateway removed',
      old: peer({}),
      object: peer({ gatewayRef: undefined }),
      bad: { field: 'spec.gatewayRef', says: ['required'] },
    },
  ],
};
