import { describe, expect, it } from 'vitest';
import { policyProblems } from './compare.ts';
import { DEFAULT_PARTIES } from './shape.ts';
import { shippedPolicies } from './shipped.ts';

const shipped = shippedPolicies(DEFAULT_PARTIES);

describe('policies are in force', () => {
  it('as shipped', () => {
    expect(policyProblems(shipped, live())).toEqual([]);
  });

  it('with what an API server fills in, with keys in any order, and among the policies of others', () => {
    const { policies, bindings } = live();
    for (const policy of policies) {
      policy.metadata['generation'] = 1;
      policy.spec['matchConstraints'].namespaceSelector = {};
      policy.spec['matchConstraints'].objectSelector = {};
      policy['status'] = { observedGeneration: 1 };
    }
    const foreign = { metadata: { name: 'of-others' }, spec: { failurePolicy: 'Ignore' } };
    expect(
      policyProblems(shipped, {
        policies: [foreign, ...policies.map(reversedKeys)].reverse(),
        bindings: [...bindings.map(reversedKeys), foreign].reverse(),
      }),
    ).toEqual([]);
  });

  it('with fields that a newer Kubernetes adds', () => {
    const { policies, bindings } = live();
    policies[0]!.spec['evaluationMode'] = 'Eager';
    policies[0]!.spec['validations'][0].severity = 'High';
    bindings[0]!.spec['notBefore'] = '2030-01-01T00:00:00Z';
    expect(policyProblems(shipped, { policies, bindings })).toEqual([]);
  });

  it('with empty lists and selectors, which select everything', () => {
    const { policies, bindings } = live();
    const { spec } = policies[0]!;
    spec['matchConditions'] = [];
    spec['matchConstraints'].excludeResourceRules = [];
    spec['matchConstraints'].resourceRules[0].resourceNames = [];
    spec['matchConstraints'].namespaceSelector = { matchLabels: {}, matchExpressions: [] };
    expect(policyProblems(shipped, { policies, bindings })).toEqual([]);
  });
});

describe('policies are not in force', () => {
  it.each(Object.entries(policyWeakenings()))('when in a policy %s', (path, weaken) => {
    shipped.policies.forEach(({ metadata: { name } }, index) => {
      const { policies, bindings } = live();
      weaken(policies[index]!);
      expect(policyProblems(shipped, { policies, bindings })).toMatchObject([
        unsafe(`ValidatingAdmissionPolicy ${name} `, path),
      ]);
    });
  });

  it.each(Object.entries(bindingWeakenings()))('when in a binding %s', (path, weaken) => {
    shipped.bindings.forEach(({ metadata: { name } }, index) => {
      const { policies, bindings } = live();
      weaken(bindings[index]!);
      expect(policyProblems(shipped, { policies, bindings })).toMatchObject([
        unsafe(`ValidatingAdmissionPolicyBinding ${name} `, path),
      ]);
    });
  });

  it('when one is missing', () => {
    const { policies, bindings } = live();
    const missing = [unsafe('peerwright-node-reports is missing', 'metadata.name')];
    expect(policyProblems(shipped, { policies: policies.slice(1), bindings })).toMatchObject(missing);
    expect(policyProblems(shipped, { policies, bindings: bindings.slice(1) })).toMatchObject(missing);
  });

  it('when the Leases that are looked at have one more condition', () => {
    const { policies, bindings } = live();
    policies[1]!.spec['matchConditions'].push({ name: 'never', expression: 'false' });
    expect(policyProblems(shipped, { policies, bindings })).toMatchObject([
      unsafe('peerwright-agent-leases', 'spec.matchConditions'),
    ]);
  });

  it('when any single text or list element that was shipped is changed or left out', () => {
    for (const [index, policy] of shipped.policies.entries()) {
      for (const path of leaves(policy.spec)) {
        const { policies, bindings } = live();
        change(policies[index]!.spec, path);
        expect(policyProblems(shipped, { policies, bindings })).toHaveLength(1);
      }
    }
  });

  it('when they were made for other accounts', () => {
    const elsewhere = shippedPolicies({ ...DEFAULT_PARTIES, agentNamespace: 'tenant' });
    const problems = policyProblems(elsewhere, live());
    expect(new Set(problems.map(({ path }) => path))).toEqual(
      new Set(['spec.variables[0].expression', 'spec.matchConditions[0].expression']),
    );
  });

  it('when nothing is there', () => {
    expect(policyProblems(shipped, { policies: [], bindings: [] })).toHaveLength(6);
    expect(policyProblems(shipped, { policies: [{}], bindings: [{ metadata: {} }] })).toHaveLength(6);
  });
});

// oxlint-disable-next-line typescript/no-explicit-any -- edits what an API server would return, of any shape
type Edited = Record<string, any> & { metadata: Record<string, unknown>; spec: Record<string, any> };

function policyWeakenings(): Record<string, (policy: Edited) => void> {
  return {
    'spec.failurePolicy': ({ spec }) => (spec['failurePolicy'] = 'Ignore'),
    'spec.paramKind': ({ spec }) => (spec['paramKind'] = { apiVersion: 'v1', kind: 'ConfigMap' }),
    'spec.matchConditions': ({ spec }) => {
      spec['matchConditions'] = [
        { name: 'a', expression: 'false' },
        { name: 'b', expression: 'false' },
      ];
    },
    'spec.matchConstraints.matchPolicy': ({ spec }) => (spec['matchConstraints'].matchPolicy = 'Exact'),
    'spec.matchConstraints.namespaceSelector': ({ spec }) =>
      (spec['matchConstraints'].namespaceSelector = { matchLabels: { a: '' } }),
    'spec.matchConstraints.objectSelector': ({ spec }) =>
      (spec['matchConstraints'].objectSelector = { matchExpressions: [{ key: 'a', operator: 'Exists' }] }),
    'spec.matchConstraints.excludeResourceRules': ({ spec }) =>
      (spec['matchConstraints'].excludeResourceRules = [{ resources: ['*'] }]),
    'spec.matchConstraints.resourceRules.*.resourceNames': ({ spec }) =>
      (spec['matchConstraints'].resourceRules[0].resourceNames = ['x']),
    'spec.matchConstraints.resourceRules[0].scope': ({ spec }) =>
      (spec['matchConstraints'].resourceRules[0].scope = 'Cluster'),
    'spec.matchConstraints.resourceRules[0].operations': ({ spec }) =>
      spec['matchConstraints'].resourceRules[0].operations.pop(),
    'spec.matchConstraints.resourceRules[0].resources': ({ spec }) =>
      spec['matchConstraints'].resourceRules[0].resources.pop(),
    'spec.validations': ({ spec }) => spec['validations'].pop(),
    'spec.validations[0].expression': ({ spec }) => (spec['validations'][0].expression += ' || true'),
    'spec.variables': ({ spec }) => spec['variables'].push({ name: 'x', expression: 'true' }),
    spec: (policy) => Reflect.deleteProperty(policy, 'spec'),
    'metadata.deletionTimestamp': ({ metadata }) => (metadata['deletionTimestamp'] = '2030-01-01T00:00:00Z'),
  };
}

function bindingWeakenings(): Record<string, (binding: Edited) => void> {
  return {
    'spec.policyName': ({ spec }) => (spec['policyName'] = 'another'),
    'spec.validationActions[0]': ({ spec }) => (spec['validationActions'] = ['Audit']),
    'spec.validationActions': ({ spec }) => (spec['validationActions'] = ['Warn', 'Audit']),
    'spec.paramRef': ({ spec }) => (spec['paramRef'] = { name: 'x', parameterNotFoundAction: 'Allow' }),
    'spec.matchResources': ({ spec }) => (spec['matchResources'] = { matchPolicy: 'Equivalent' }),
    'metadata.deletionTimestamp': ({ metadata }) => (metadata['deletionTimestamp'] = '2030-01-01T00:00:00Z'),
  };
}

function unsafe(name: string, path: string): object {
  return { code: 'KeyDeliveryUnsafe', path, message: expect.stringContaining(name) };
}

/** A fresh copy of what was shipped, as an API server would return it. */
function live(): { policies: Edited[]; bindings: Edited[] } {
  return JSON.parse(JSON.stringify(shipped)) as { policies: Edited[]; bindings: Edited[] };
}

function reversedKeys<T>(value: T): T {
  if (Array.isArray(value)) return value.map(reversedKeys) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, child]) => [key, reversedKeys(child)] as const)
      .reverse(),
  ) as T;
}

function leaves(value: object, path: readonly string[] = []): string[][] {
  return Object.entries(value).flatMap(([key, child]) =>
    typeof child === 'object' ? leaves(child, [...path, key]) : [[...path, key]],
  );
}

function change(value: Edited['spec'], path: readonly string[]): void {
  const last = path.at(-1)!;
  const parent = path.slice(0, -1).reduce((at, key) => at[key], value);
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else parent[last] = `${parent[last]} `;
}
