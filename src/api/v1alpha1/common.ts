import { z } from 'zod';
import { rule } from '../rule.ts';

export { GROUP } from '../kind.ts';
export { address, cidr } from '../network.ts';
export { publicKey } from '../public-key.ts';

/** Names of gateways and peers: short enough that Secret names and labels made of them fit. */
export const MAX_NAME_LENGTH = 52;

/** Names of nodes: short enough that `s000.<node>` is a name. */
export const MAX_NODE_NAME_LENGTH = 248;

const NAME = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$';

/** The name of an object, as a process writes it: nothing that could end a line or a word where it is put into one. */
export const objectName = (max = 253) => z.string().min(1).max(max).regex(new RegExp(NAME));

/** The name of an object, as a person writes it: a DNS-1123 subdomain. */
export const objectReference = (max = 253) =>
  rule(z.string().min(1).max(max), {
    cel: `self.matches('${NAME}')`,
    message: 'must be the name of an object: lower-case letters, digits, - and .',
    messageExpression:
      "'%s is not the name of an object; write lower-case letters, digits, - and . as in metadata.name'.format([self])",
    check: (name) =>
      new RegExp(NAME).test(name)
        ? undefined
        : `${name} is not the name of an object; write lower-case letters, digits, - and . as in metadata.name`,
  });

/** What a process writes and others show or copy: nothing that ends a line or a word, or that a shell interprets. */
export const plainText = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[A-Za-z0-9.:%/+=_[\]-]*$/);

/** The uid of an object. */
export const objectUID = () => plainText(64).min(1);

/** A word that programs compare and people look up. */
const word = () =>
  z
    .string()
    .min(1)
    .max(63)
    .regex(/^[A-Za-z][A-Za-z0-9]*$/);

/** An age recipient, to which keys are sealed. */
export const ageRecipient = () =>
  z
    .string()
    .min(1)
    .max(128)
    .regex(/^age1[0-9a-z]+$/);

/** An instant, RFC 3339. */
export const instant = () =>
  z
    .string()
    .max(40)
    .regex(/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$/)
    .meta({ format: 'date-time' });

/** A UDP port. */
export const port = () => z.int().min(1).max(65535);

/** A count of something. */
export const count = () => z.int().min(0);

/** A list that is written as a whole. */
export const list = <T extends z.ZodType>(item: T, max: number) =>
  z.array(item).max(max).meta({ 'x-kubernetes-list-type': 'atomic' });

/** `metav1.Condition`, all fields required as kstatus and `kubectl wait` expect. */
export const Condition = z.object({
  type: word().describe('What the condition is about, such as Ready.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether it holds.'),
  observedGeneration: z.int().min(0).describe('The metadata.generation that this was decided for.'),
  lastTransitionTime: instant().describe('When status changed last.'),
  reason: word().describe('Why, as one stable word; docs/reference/reasons.md lists them.'),
  message: z.string().max(1024).describe('Why, for people: names the value and the remedy.'),
});
export type Condition = z.infer<typeof Condition>;

/** Conditions of an object, one a type. */
export const conditions = () =>
  z
    .array(Condition)
    .max(16)
    .meta({
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
      description: 'What is known about this object; Ready sums it up.',
    });

/** Of gateways and peers: they read as Unknown, not as done, until the operator has looked at them. */
export const STATUS_DEFAULT = {
  observedGeneration: -1,
  conditions: [
    {
      type: 'Ready',
      status: 'Unknown',
      observedGeneration: 0,
      lastTransitionTime: '1970-01-01T00:00:00Z',
      reason: 'Pending',
      message: 'Waiting for the operator',
    },
  ],
} satisfies { observedGeneration: number; conditions: Condition[] };

/** The generation a status was decided for. */
export const observedGeneration = () =>
  z.int().min(-1).describe('The metadata.generation that this status was decided for; -1 before the first decision.');

/** An expected "no" as agents report it: same shape as `Problem` in mesh/. */
export const ReportedProblem = z.object({
  code: word().describe('A stable reason; docs/reference/reasons.md lists them.'),
  message: z.string().max(1024).describe('One sentence with the value and the remedy.'),
});
export type ReportedProblem = z.infer<typeof ReportedProblem>;

/** Which gateway, exactly: a re-created one of the same name has another uid. */
export const GatewayIdentity = z
  .object({
    namespace: objectName(63).describe('Namespace of the gateway.'),
    name: objectName(MAX_NAME_LENGTH).describe('Name of the gateway.'),
    uid: objectUID().describe('Uid of the gateway: a re-created one of the same name has another.'),
  })
  .meta({ 'x-kubernetes-map-type': 'atomic', description: 'Which gateway, exactly.' });
export type GatewayIdentity = z.infer<typeof GatewayIdentity>;
