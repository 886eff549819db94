import type { Kind } from '../../../src/api/kind.ts';
import {
  WireGuardAddressBlock,
  WireGuardGateway,
  WireGuardNodeConfig,
  WireGuardNodeReport,
  WireGuardPeer,
} from '../../../src/api/v1alpha1/index.ts';
import type { Sample } from './case.ts';
import { KEY, TIME } from './samples.ts';

const GATEWAY = { namespace: 'net', name: 'edge', uid: 'e4c1b0a2-0000-4000-8000-000000000001' };
const NETWORKS = { routes: ['10.0.0.0/16'], allowedPeerRoutes: ['192.168.0.0/16'] };
const PROBLEMS = [{ code: 'RouteConflict', message: 'The node has that route already.' }];
const CONDITIONS = [
  {
    type: 'Ready',
    status: 'True',
    observedGeneration: 1,
    lastTransitionTime: TIME,
    reason: 'Programmed',
    message: 'The device has it.',
  },
];

/** An object of every kind that has every field of text. */
export const COMPLETE: readonly { readonly kind: Kind; readonly object: Sample }[] = [
  {
    kind: WireGuardGateway,
    object: {
      metadata: { name: 'edge' },
      spec: {
        pools: [{ cidr: '10.90.0.0/16', gatewayAddress: '10.90.0.1', reserved: ['10.90.0.0/24'] }],
        placement: { nodeSelector: { zone: 'north' } },
        endpoint: { host: 'vpn.example.com', port: 51840 },
        ...NETWORKS,
        client: { dns: ['10.0.0.10'] },
      },
      status: {
        observedGeneration: 1,
        conditions: CONDITIONS,
        publicKey: KEY,
        addresses: ['10.90.0.1'],
        nodeName: 'node-a',
        endpoint: 'vpn.example.com:51840',
        ...NETWORKS,
        pools: [{ cidr: '10.90.0.0/16', capacity: 65279, allocated: 0, quarantined: 0 }],
      },
    },
  },
  {
    kind: WireGuardPeer,
    object: {
      metadata: { name: 'branch-7' },
      spec: {
        gatewayRef: { name: 'edge' },
        publicKey: KEY,
        addresses: ['10.90.1.7'],
        routes: ['192.168.7.0/24'],
        clientRoutes: ['10.0.0.0/8'],
        endpoint: { host: 'branch7.example.net', port: 51820 },
      },
      status: {
        observedGeneration: 1,
        conditions: CONDITIONS,
        addresses: ['10.90.1.7'],
        routes: ['192.168.7.0/24'],
        publicKey: KEY,
        configSecret: { name: 'branch-7-wireguard' },
        connection: {
          state: 'Connected',
          sinceTime: TIME,
          lastHandshakeTime: TIME,
          observedTime: TIME,
          endpoint: '198.51.100.7:40123',
          nodeName: 'node-a',
        },
      },
    },
  },
  {
    kind: WireGuardAddressBlock,
    object: {
      metadata: { name: 'v4-0a5a0100' },
      spec: {
        cidr: '10.90.1.0/24',
        allocations: [
          {
            offset: 7,
            gateway: { namespace: 'net', name: 'edge' },
            peer: { namespace: 'net', name: 'branch-7', uid: 'uid-7' },
            releaseTime: TIME,
          },
        ],
      },
    },
  },
  {
    kind: WireGuardNodeConfig,
    object: {
      metadata: { name: 'node-a' },
      spec: {
        identity: { nodeUID: 'uid-a', recipient: 'age1abc' },
        gateways: [
          {
            gateway: GATEWAY,
            generation: 1,
            keyNumber: 1,
            publicKey: KEY,
            sealedKey: 'YWdlLWVuY3J5cHRpb24=',
            listenPort: 51840,
            addresses: ['10.90.0.1'],
            pools: ['10.90.0.0/16'],
            ...NETWORKS,
          },
        ],
      },
    },
  },
  {
    kind: WireGuardNodeReport,
    object: {
      metadata: { name: 's000.node-a' },
      spec: {
        nodeName: 'node-a',
        nodeUID: 'uid-a',
        observedTime: TIME,
        recipient: 'age1abc',
        devices: [
          {
            gateway: GATEWAY,
            generation: 1,
            device: 'pw-e4c1b0a2',
            digest: 'd1',
            publicKey: KEY,
            problems: PROBLEMS,
          },
        ],
        problems: PROBLEMS,
        peers: [
          {
            uid: 'uid-7',
            generation: 1,
            digest: 'd2',
            problem: PROBLEMS[0],
            connection: {
              state: 'Connected',
              sinceTime: TIME,
              lastHandshakeTime: TIME,
              endpoint: '198.51.100.7:40123',
            },
          },
        ],
      },
    },
  },
];
