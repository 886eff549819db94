import type { Allocation } from '../../api/v1alpha1/address-block.ts';
import { AddressBlockSpec } from '../../api/v1alpha1/address-block.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../kube/errors.ts';
import { blockCidr } from '../../mesh/blocks.ts';
import { checkBlock } from '../../mesh/checks/block.ts';
import { PeerwrightError } from '../../runtime/error.ts';
import type { BlockObject } from '../world/kinds.ts';
import { blocks } from '../world/kinds.ts';
import type { BlockState, BlockStorage } from './block-writer.ts';

export interface BlockStorageDeps {
  readonly client: KubeClient;
  /** The operator's own namespace. */
  readonly namespace: string;
  /** Of the term of leading that is on now. */
  readonly signal: () => AbortSignal;
}

const ABSENT: BlockState = { resourceVersion: '0', allocations: [] };

/** One WireGuardAddressBlock in the API server. */
export function blockStorage(name: string, deps: BlockStorageDeps): BlockStorage {
  const { client, namespace } = deps;
  const ref = { namespace, name };

  return {
    async read() {
      try {
        return stateOf(await client.get(blocks, ref, { signal: deps.signal() }));
      } catch (error) {
        if (isNotFound(error)) return ABSENT;
        throw error;
      }
    },

    async write(state, allocations) {
      try {
        if (state.uid === undefined) return stateOf(await create(allocations));
        if (allocations.length === 0) return await remove(state);
        return stateOf(await replace(state, allocations));
      } catch (error) {
        if (isConflict(error) || isAlreadyExists(error) || isNotFound(error)) return 'Lost';
        throw error;
      }
    },
  };

  function create(allocations: readonly Allocation[]): Promise<BlockObject> {
    return client.create(blocks, objectOf({ name, namespace }, allocations), { signal: deps.signal() });
  }

  function replace(state: BlockState, allocations: readonly Allocation[]): Promise<BlockObject> {
    const metadata = { name, namespace, resourceVersion: state.resourceVersion, uid: state.uid ?? '' };
    return client.replace(blocks, objectOf(metadata, allocations), { signal: deps.signal() });
  }

  async function remove(state: BlockState): Promise<BlockState> {
    const { resourceVersion } = state;
    await client.delete(blocks, ref, { resourceVersion, signal: deps.signal() });
    return { resourceVersion, allocations: [] };
  }
}

function objectOf(
  metadata: { name: string; namespace: string; resourceVersion?: string; uid?: string },
  allocations: readonly Allocation[],
): BlockObject {
  const spec = { cidr: blockCidr(metadata.name) ?? '', allocations: [...allocations] };
  return { apiVersion: 'peerwright.dev/v1alpha1', kind: 'WireGuardAddressBlock', metadata, spec };
}

function stateOf(object: BlockObject): BlockState {
  const parsed = AddressBlockSpec.safeParse(object.spec);
  const name = object.metadata.name;
  if (!parsed.success) throw corrupt(`WireGuardAddressBlock ${name} cannot be read: ${parsed.error.message}`);
  const problem = checkBlock({ name, ...parsed.data });
  if (problem) throw corrupt(problem.message);
  return {
    resourceVersion: object.metadata.resourceVersion ?? '0',
    uid: object.metadata.uid ?? '',
    allocations: parsed.data.allocations,
  };
}

function corrupt(message: string): PeerwrightError {
  return new PeerwrightError('BlockCorrupt', message);
}
