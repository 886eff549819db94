import type { Problem } from '../../mesh/problem.ts';
import { fieldDifferences, fieldsSet } from './fields.ts';
import type { PolicySet } from './shape.ts';

/** Policies and bindings as the API server returns them, all or only ours, in any order. */
export interface LivePolicies {
  readonly policies: readonly LiveObject[];
  readonly bindings: readonly LiveObject[];
}

/** What is read of a live object; the rest is whatever its version of Kubernetes has. */
export interface LiveObject {
  readonly metadata?: { readonly name?: string; readonly deletionTimestamp?: unknown };
  readonly spec?: object;
}

/**
 * Why the shipped policies are not in force; empty when they are. In force means: every policy and binding exists and
 * is not being deleted, every shipped field is equal, and no field is set that could narrow what a policy looks at.
 * Fields this release does not know do not count, since a newer Kubernetes adds and fills in such.
 */
export function policyProblems(shipped: PolicySet, live: LivePolicies): Problem[] {
  return [
    ...shipped.policies.flatMap((policy) => objectProblems(policy, live.policies, POLICY_NARROWING)),
    ...shipped.bindings.flatMap((binding) => objectProblems(binding, live.bindings, BINDING_NARROWING)),
  ];
}

/** Fields that make a policy look at less, or mean something else, unless absent or empty. `*` is every element. */
const POLICY_NARROWING = [
  'spec.paramKind',
  'spec.matchConditions',
  'spec.matchConstraints.namespaceSelector',
  'spec.matchConstraints.objectSelector',
  'spec.matchConstraints.excludeResourceRules',
  'spec.matchConstraints.resourceRules.*.resourceNames',
];
const BINDING_NARROWING = ['spec.paramRef', 'spec.matchResources'];

interface Shipped {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: object;
}

function objectProblems(shipped: Shipped, candidates: readonly LiveObject[], narrowing: readonly string[]): Problem[] {
  const live = candidates.find((candidate) => candidate.metadata?.name === shipped.metadata.name);
  if (live === undefined) return [problem(shipped, 'metadata.name', 'is missing')];
  if (live.metadata?.deletionTimestamp != null) {
    return [problem(shipped, 'metadata.deletionTimestamp', 'is being deleted')];
  }
  const different = fieldDifferences({ spec: shipped.spec }, { spec: live.spec });
  // A field that is shipped was compared already.
  const set = fieldsSet(live, narrowing).filter((path) => fieldsSet(shipped, [path]).length === 0);
  return [
    ...different.map((path) => problem(shipped, path, `differs from this release in ${path}`)),
    ...set.map((path) => problem(shipped, path, `is narrowed by ${path}`)),
  ];
}

function problem(shipped: Shipped, path: string, what: string): Problem {
  return {
    code: 'KeyDeliveryUnsafe',
    message: `${shipped.kind} ${shipped.metadata.name} ${what}; apply the one of this release unchanged.`,
    path,
  };
}
