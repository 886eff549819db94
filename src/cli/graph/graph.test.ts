import { expect, test } from 'vitest';
import { gateway, NOT_READY, peer } from '../status/view.testing.ts';
import { dot } from './dot.ts';
import { branchesOf } from './model.ts';
import { tree } from './tree.ts';

const pools = [{ cidr: '10.90.0.0/16', capacity: 9, allocated: 1, quarantined: 0 }];
const MESH = {
  gateways: [
    gateway('edge', { pools, routes: ['10.0.0.0/16'], nodeName: 'node-a', endpoint: 'a:1' }),
    gateway('edge', { namespace: 'other', ready: NOT_READY }),
  ],
  peers: [
    peer('branch', {
      routes: ['192.168.7.0/24'],
      addresses: ['10.90.0.8'],
      connection: { state: 'Idle', source: 'Status' },
    }),
    peer('lost', { gateway: 'nowhere', ready: NOT_READY }),
  ],
};
const text = (branches: ReturnType<typeof branchesOf>) =>
  tree(branches).map((line) => line.map((span) => span.text).join(''));

test('the tree has namespaces, gateways, their networks and peers, and the networks behind those', () => {
  expect(text(branchesOf(MESH))).toEqual([
    'namespace net',
    '├─ gateway edge  Ready  a:1  on node node-a',
    '│  ├─ pool 10.90.0.0/16',
    '│  ├─ route 10.0.0.0/16',
    '│  └─ peer branch  10.90.0.8  Idle',
    '│     └─ route 192.168.7.0/24',
    '└─ gateway nowhere  not found',
    '   └─ peer lost  not Ready: PeerRefused',
    'namespace other',
    '└─ gateway edge  not Ready: PeerRefused',
  ]);
  expect(text(branchesOf(MESH, { only: 'nowhere' })).slice(1)).toEqual([
    '└─ gateway nowhere  not found',
    '   └─ peer lost  not Ready: PeerRefused',
  ]);
});

test('a gateway that the caller may not see is not said to be missing', () => {
  const { peers } = MESH;
  expect(text(branchesOf({ gateways: [], peers }, { isVisible: false }))[1]).toBe('├─ gateway edge  not shown');
});

test('the picture has a box a node, an edge a peer and network, and dashes where nobody is', () => {
  expect(dot(branchesOf(MESH, { only: 'edge' }))).toBe(`digraph peerwright {
  rankdir=LR;
  node [fontname="sans-serif"];
  subgraph "cluster node-a" { label="node node-a"; "gateway net/edge" [shape=box3d, label="edge\\nReady\\na:1\\non node node-a"]; }
  "network 10.90.0.0/16 of gateway net/edge" [shape=note, label="10.90.0.0/16"];
  "gateway net/edge" -> "network 10.90.0.0/16 of gateway net/edge" [arrowhead=none];
  "network 10.0.0.0/16 of gateway net/edge" [shape=note, label="10.0.0.0/16"];
  "gateway net/edge" -> "network 10.0.0.0/16 of gateway net/edge" [arrowhead=none];
  "peer net/branch" [shape=ellipse, label="branch\\n10.90.0.8\\nIdle"];
  "gateway net/edge" -> "peer net/branch" [style=solid];
  "network 192.168.7.0/24 of peer net/branch" [shape=note, label="192.168.7.0/24"];
  "peer net/branch" -> "network 192.168.7.0/24 of peer net/branch" [arrowhead=none];
  "gateway other/edge" [shape=box3d, color=red, label="edge\\nnot Ready: PeerRefused"];
}
`);
});

test('no text of a status gets out of its quotes', () => {
  const hostile = '"]; evil -> x [label="\\\\" \\';
  const mesh = {
    gateways: [gateway('edge', { nodeName: hostile, endpoint: hostile, routes: [hostile] })],
    peers: [peer('p', { addresses: [hostile] })],
  };
  const outside = dot(branchesOf(mesh)).replaceAll(/"(\\.|[^"\\])*"/g, '""');
  expect(outside).not.toContain('evil');
  expect(outside).not.toContain('\\');
});
