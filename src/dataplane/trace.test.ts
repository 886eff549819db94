import { expect, test } from 'vitest';
import type { DeviceName, PublicKey } from '../mesh/model.ts';
import { FakeDataplane } from './fake.ts';
import { traced } from './trace.ts';
import type { TracedOperation } from './trace.ts';

test('each operation is told with its device and the peer it is about', async () => {
  const seen: TracedOperation[] = [];
  const device = 'pw-00000001' as DeviceName;
  const publicKey = 'KEY=' as PublicKey;
  const signal = new AbortController().signal;
  const dataplane = traced(new FakeDataplane(), (operation) => seen.push(operation));
  const noKey = () => {
    throw new Error('no key is needed');
  };
  await dataplane.apply(
    {
      device,
      operations: [
        { type: 'CreateLink', alias: 'peerwright:net/edge', mtu: 1420 },
        { type: 'AddPeer', peer: { publicKey, allowedIPs: [], persistentKeepaliveSeconds: 0 } },
        { type: 'SetKeepalive', publicKey, persistentKeepaliveSeconds: 25 },
        { type: 'RemovePeer', publicKey },
      ],
    },
    { privateKey: noKey, presharedKey: noKey },
    signal,
  );
  expect(seen).toEqual([
    { device, type: 'CreateLink' },
    { device, type: 'AddPeer', peer: publicKey },
    { device, type: 'SetKeepalive', peer: publicKey },
    { device, type: 'RemovePeer', peer: publicKey },
  ]);
  expect(await dataplane.list(signal)).toEqual([device]);
});
