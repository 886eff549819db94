import type { Holder } from '../book-block.ts';
import { familyOf, parseAddress } from '../ip/address.ts';
import { contains } from '../ip/prefix.ts';
import type { Address } from '../model.ts';
import { isAssignable } from '../pool.ts';
import type { PoolSpace } from '../pool.ts';
import type { Problem } from '../problem.ts';

export interface AddressesToCheck {
  /** `spec.addresses` */
  readonly addresses: readonly string[];
  readonly spaces: readonly PoolSpace[];
  /** undefined also for a quarantined address that this peer may have back. */
  readonly holderOf: (address: Address) => Holder | undefined;
  readonly self: { readonly namespace: string; readonly uid: string };
}

/** Why requested addresses cannot be given: at most one problem an address. */
export function checkRequestedAddresses(input: AddressesToCheck): Problem[] {
  const problems: Problem[] = [];
  for (const [index, text] of input.addresses.entries()) {
    const path = `spec.addresses[${index}]`;
    const address = parseAddress(text);
    const problem =
      address === undefined
        ? invalid(path, `${text} is not a canonical address; write it in its shortest form.`)
        : checkOne({ input, index, address, path });
    if (problem !== undefined) problems.push(problem);
  }
  return problems;
}

interface OneAddress {
  readonly input: AddressesToCheck;
  readonly index: number;
  readonly address: Address;
  readonly path: string;
}

function checkOne(one: OneAddress): Problem | undefined {
  return checkFamily(one) ?? checkPool(one) ?? checkHolder(one);
}

function checkFamily({ input, index, address, path }: OneAddress): Problem | undefined {
  const family = familyOf(address);
  const first = input.addresses.slice(0, index).find((text) => text.includes(':') === (family === 6));
  if (first === undefined) return undefined;
  return invalid(path, `${address} is a second IPv${family} address besides ${first}; request one of each family.`);
}

function checkPool({ input, address, path }: OneAddress): Problem | undefined {
  if (input.spaces.some((space) => isAssignable(space, address))) return undefined;
  const around = input.spaces.find((space) => contains(space.cidr, address));
  const pools = input.spaces.map((space) => space.cidr).join(', ');
  const message =
    around === undefined
      ? `${path} ${address} lies outside the pools of the gateway; request one of ${pools}.`
      : `${path} ${address} is never given to a peer (first, broadcast or gateway address); request another of ${around.cidr}.`;
  return { code: 'AddressOutOfPool', message, path };
}

function checkHolder({ input, address, path }: OneAddress): Problem | undefined {
  const { self } = input;
  const holder = input.holderOf(address);
  if (holder === undefined || (holder.peer.uid === self.uid && holder.releaseTime === undefined)) return undefined;
  // Objects of other namespaces are not for this reader to know.
  const who = holder.peer.namespace === self.namespace ? `peer ${holder.peer.name}` : 'another peer';
  const how = holder.releaseTime === undefined ? `belongs to ${who}` : `is quarantined after ${who} gave it back`;
  const message = `${path} ${address} ${how}; request another, or none to get a free one.`;
  return { code: 'AddressInUse', message, path };
}

function invalid(path: string, what: string): Problem {
  return { code: 'InvalidObject', message: `${path} ${what}`, path };
}
