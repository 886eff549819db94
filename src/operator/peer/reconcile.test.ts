import { expect, it } from 'vitest';
import type { PeerStatus } from '../../api/v1alpha1/peer.ts';
import type { KubeObject } from '../../kube/object.ts';
import { AddressBook } from '../../mesh/address-book.ts';
import { addressesOn, MemoryBlocks } from '../addresses/addresses.testing.ts';
import { CONNECTED, entry, KEY_A, operatorWorld, peerView, reportView } from '../operator.testing.ts';
import * as kinds from '../world/kinds.ts';
import * as project from '../world/projections.ts';
import { reconcilePeer } from './reconcile.ts';

const { signal } = new AbortController();

/** Reconciles net/p, whose gateway is gone; the status that was written. */
async function statusWithoutGateway(isReported: boolean): Promise<PeerStatus | undefined> {
  const world = operatorWorld();
  const peer = peerView('p', { status: { publicKey: KEY_A, addresses: ['10.90.1.7'], connection: CONNECTED } });
  world.caches.peers.apply(peer);
  if (isReported) world.reports.apply(reportView('n1', 1, { peers: [entry(peer.uid)] }));
  const book = new AddressBook();
  let written: PeerStatus | undefined;
  const client = {
    mergePatch: async <T extends KubeObject>(_: unknown, __: unknown, options: { patch: object }) => {
      const { connection, ...rest } = (options.patch as { status: PeerStatus }).status;
      written = { ...peer.status, ...rest, connection: { ...CONNECTED, ...connection } };
      const about = { apiVersion: 'peerwright.dev/v1alpha1', kind: 'WireGuardPeer', metadata: peer };
      return { ...about, spec: peer.spec, status: written } as unknown as T;
    },
  };
  const secrets = {
    ensure: () => Promise.reject(new Error('no Secret concerned')),
    doubt: () => undefined,
    abandon: () => Promise.resolve(),
  };
  const target = { client, resource: kinds.peers, store: world.caches.peers, project: project.peer };
  await reconcilePeer(
    'net/p',
    {
      ...world,
      book,
      addresses: addressesOn(new MemoryBlocks(), { book }),
      secrets,
      target,
      onDecided: () => undefined,
    },
    signal,
  );
  return written;
}

it.each([
  [false, 'Disconnected'],
  [true, 'Connected'],
] as const)('without its gateway a peer that an agent reports=%s is %s', async (isReported, state) => {
  const status = await statusWithoutGateway(isReported);
  expect(status?.connection?.state).toBe(state);
  expect(status?.conditions?.find(({ type }) => type === 'Connected')?.reason).toBe(state);
  expect(status?.conditions?.find(({ type }) => type === 'Stalled')?.reason).toBe('GatewayNotFound');
});
