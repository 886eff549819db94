import type { Pool } from '../../api/v1alpha1/gateway.ts';
import { familyOf, parseAddress } from '../ip/address.ts';
import { contains, overlaps, parsePrefix } from '../ip/prefix.ts';
import type { Prefix } from '../model.ts';
import { POOL_LENGTHS, hasPoolLength, isUsable } from '../pool.ts';
import type { Problem } from '../problem.ts';
import { firstProblem } from './claim.ts';

export interface PoolForm {
  readonly pools: readonly Pool[];
  readonly index: number;
}

/** What the schema refuses already, once more for objects that were stored before it did. */
export function checkPoolForm({ pools, index }: PoolForm): Problem | undefined {
  const pool = pools[index];
  const path = `spec.pools[${index}]`;
  const cidr = parsePrefix(pool?.cidr ?? '');
  if (pool === undefined || cidr === undefined)
    return invalid(`${path}.cidr`, `${pool?.cidr} must be a network in its shortest form without host bits`);
  return firstProblem([checkLength, checkGatewayAddress, checkReserved, checkOwnPools], {
    pools,
    index,
    pool,
    cidr,
    path,
  });
}

interface ParsedForm extends PoolForm {
  readonly pool: Pool;
  readonly cidr: Prefix;
  readonly path: string;
}

function checkLength({ cidr, path }: ParsedForm): Problem | undefined {
  if (hasPoolLength(cidr)) return undefined;
  const { min, max } = POOL_LENGTHS[familyOf(cidr)];
  return invalid(`${path}.cidr`, `${cidr} must have a length from /${min} to /${max}`);
}

function checkGatewayAddress({ pool: { gatewayAddress }, cidr, path }: ParsedForm): Problem | undefined {
  if (gatewayAddress === undefined) return undefined;
  const address = parseAddress(gatewayAddress);
  if (address !== undefined && isUsable(cidr, address)) return undefined;
  const what = `${gatewayAddress} must be a canonical address in ${cidr}, neither its first nor the broadcast one`;
  return invalid(`${path}.gatewayAddress`, what);
}

function checkReserved({ pool, cidr, path }: ParsedForm): Problem | undefined {
  for (const [i, text] of (pool.reserved ?? []).entries()) {
    const prefix = parsePrefix(text);
    if (prefix === undefined || !contains(cidr, prefix))
      return invalid(`${path}.reserved[${i}]`, `${text} must be a canonical network inside ${cidr}`);
  }
  return undefined;
}

function checkOwnPools({ pools, index, cidr, path }: ParsedForm): Problem | undefined {
  const other = pools.findIndex((pool, i) => i < index && overlapsText(cidr, pool.cidr));
  if (other < 0) return undefined;
  return invalid(`${path}.cidr`, `${cidr} must not overlap spec.pools[${other}].cidr ${pools[other]?.cidr}`);
}

function overlapsText(cidr: Prefix, text: string): boolean {
  const prefix = parsePrefix(text);
  return prefix !== undefined && overlaps(cidr, prefix);
}

function invalid(path: string, what: string): Problem {
  return { code: 'InvalidObject', message: `${path} ${what}.`, path };
}
