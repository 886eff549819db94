import { z } from 'zod';
import { defineKind, type ObjectOf, type ObjectRule } from '../kind.ts';
import {
  GatewayIdentity,
  MAX_NODE_NAME_LENGTH,
  ReportedProblem,
  ageRecipient,
  count,
  instant,
  list,
  objectUID,
  plainText,
  publicKey,
} from './common.ts';
import { ConnectionState } from './peer.ts';

/** Peers a report shard holds at most; measured: larger objects cost the API server more than they save. */
export const SHARD_CAPACITY = 50;

/** What the agent sees of one device of ours. */
export const ReportedDevice = z
  .object({
    gateway: GatewayIdentity,
    generation: z
      .int()
      .min(0)
      .describe(
        'Generation of the configured gateway that was acted upon; acknowledges a decision together with the digest.',
      ),
    device: z
      .string()
      .min(1)
      .max(15)
      .regex(/^[A-Za-z0-9_.-]+$/)
      .describe('Name of the interface.'),
    /** Digest of what was read back from the kernel; absent while there is no usable device. */
    digest: plainText(64).optional().describe('Digest of what was read back; absent while there is no usable device.'),
    implementation: z.enum(['Kernel', 'Userspace']).optional().describe('Which WireGuard runs the device.'),
    publicKey: publicKey().optional().describe('The public key that the device has.'),
    listenPort: z.int().min(0).max(65535).optional().describe('The UDP port that the device has.'),
    takenPorts: list(z.int().min(1).max(65535).describe('A UDP port.'), 16)
      .optional()
      .describe('UDP ports that this device was to have and that others held when it was tried.'),
    mtu: z.int().min(0).optional().describe('The MTU that the device has.'),
    problems: list(ReportedProblem.describe('One problem.'), 16)
      .optional()
      .describe('Why the device is not as it should be.'),
  })
  .describe('What the agent sees of one device.');
export type ReportedDevice = z.infer<typeof ReportedDevice>;

/** What the agent sees of one peer. Neither digest nor problem: known, not on the device. */
export const ReportedPeer = z
  .object({
    uid: objectUID().describe('Uid of the peer.'),
    generation: z
      .int()
      .min(0)
      .describe(
        'metadata.generation of the peer that was acted upon; acknowledges a decision together with the digest.',
      ),
    /** Digest of the peer as read back from the device. */
    digest: plainText(64).optional().describe('Digest of the peer as read back from the device.'),
    problem: ReportedProblem.optional().describe('Why the peer, or a part of it, is not on the device as decided.'),
    connection: z
      .object({
        state: ConnectionState.describe('As in the status of the peer.'),
        sinceTime: instant().optional().describe('Since when the state holds.'),
        lastHandshakeTime: instant().optional().describe('The last handshake.'),
        endpoint: plainText(64).optional().describe('address:port of the last authenticated packet.'),
        receivedBytes: count().optional().describe('Bytes received from the peer.'),
        sentBytes: count().optional().describe('Bytes sent to the peer.'),
      })
      .optional()
      .describe('What the agent sees of the connection.'),
  })
  .describe('What the agent sees of one peer.');
export type ReportedPeer = z.infer<typeof ReportedPeer>;

/**
 * Facts from one node. `s000.<node>` carries identity, devices and problems, `s001.<node>` and up carry peers.
 * A missing shard means unknown, never gone: `shardCount` in s000 says how many there are when all is told.
 */
export const NodeReportSpec = z
  .object({
    nodeName: z.string().min(1).max(MAX_NODE_NAME_LENGTH).describe('Name of the Node. Cannot be changed.'),
    nodeUID: objectUID().describe('Uid of the Node. Cannot be changed.'),
    observedTime: instant().describe('When the agent saw this.'),
    recipient: ageRecipient()
      .optional()
      .describe('age recipient of the agent, to which keys are sealed. Cannot be changed or removed once set.'),
    shardCount: z.int().min(0).max(999).optional().describe('How many shards with peers there are when all is told.'),
    devices: list(ReportedDevice, 64).optional().describe('The devices of ours on this node.'),
    problems: list(ReportedProblem.describe('One problem.'), 16)
      .optional()
      .describe('What is wrong with the node itself.'),
    peers: list(ReportedPeer, SHARD_CAPACITY).optional().describe('The peers of this shard.'),
  })
  .describe('What the agent of one node has seen: facts, not decisions.');
export type NodeReportSpec = z.infer<typeof NodeReportSpec>;

type Report = { metadata: { name: string }; spec: NodeReportSpec };

const fixed = (field: 'nodeName' | 'nodeUID'): ObjectRule<Report> => ({
  cel: `self.spec.${field} == oldSelf.spec.${field}`,
  message: `spec.${field} cannot be changed; delete the report and create it anew`,
  messageExpression: `'%s cannot become %s; delete the report and create it anew'.format([oldSelf.spec.${field}, self.spec.${field}])`,
  fieldPath: `.spec.${field}`,
  check: (report, old) => {
    if (old === undefined || old.spec[field] === report.spec[field]) return undefined;
    return `${old.spec[field]} cannot become ${report.spec[field]}; delete the report and create it anew`;
  },
});

const fixedRecipient: ObjectRule<Report> = {
  cel: '!has(oldSelf.spec.recipient) || (has(self.spec.recipient) && self.spec.recipient == oldSelf.spec.recipient)',
  message: 'spec.recipient cannot be changed or removed once set; delete the report and create it anew',
  messageExpression:
    "'%s cannot be changed or removed; delete the report and create it anew'.format([oldSelf.spec.recipient])",
  fieldPath: '.spec.recipient',
  check: (report, old) => {
    const before = old?.spec.recipient;
    if (before === undefined || before === report.spec.recipient) return undefined;
    return `${before} cannot be changed or removed; delete the report and create it anew`;
  },
};

const nameOfNode: ObjectRule<Report> = {
  cel: "self.metadata.name.matches('^s[0-9][0-9][0-9][.]') && self.metadata.name.substring(5) == self.spec.nodeName",
  message: 'metadata.name must be s, three digits, a dot and spec.nodeName',
  messageExpression:
    "'%s is not a report of node %s; name it like s000.%s'.format([self.metadata.name, self.spec.nodeName, self.spec.nodeName])",
  fieldPath: '.spec.nodeName',
  check: ({ metadata: { name }, spec: { nodeName } }) =>
    /^s[0-9]{3}[.]/.test(name) && name.slice(5) === nodeName
      ? undefined
      : `${name} is not a report of node ${nodeName}; name it like s000.${nodeName}`,
};

/** What one node's agent has seen. */
export const WireGuardNodeReport = defineKind({
  kind: 'WireGuardNodeReport',
  plural: 'wireguardnodereports',
  singular: 'wireguardnodereport',
  shortNames: ['wgnr'],
  categories: [],
  description:
    'What the agent of one node has seen: s000.<node> the node itself, s001.<node> and up its peers. Written by that agent.',
  spec: NodeReportSpec,
  nameMaxLength: MAX_NODE_NAME_LENGTH + 5,
  rules: [nameOfNode],
  transitions: [fixed('nodeName'), fixed('nodeUID'), fixedRecipient],
  columns: [
    { name: 'Node', type: 'string', jsonPath: '.spec.nodeName', description: 'The node it is about' },
    { name: 'Observed', type: 'date', jsonPath: '.spec.observedTime', description: 'Age of what it says' },
    {
      name: 'Problem',
      type: 'string',
      jsonPath: '.spec.problems[0].code',
      description: 'The first problem of the node',
    },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'Since when it exists' },
  ],
});
export type WireGuardNodeReport = ObjectOf<typeof WireGuardNodeReport>;
