import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { policyProblems } from '../../src/operator/policies/compare.ts';
import { DEFAULT_PARTIES } from '../../src/operator/policies/shape.ts';
import { shippedPolicies } from '../../src/operator/policies/shipped.ts';
import { rbacTable, rightsIn, type Right } from '../golden/rbac-table.ts';
import { created, type Caller } from './policies-lab.ts';
import {
  ALLOWED,
  BLOCKS,
  CONFIGS,
  GATEWAY,
  LEASES,
  NO_RIGHT,
  OURS,
  PEER,
  REPORTS,
  block,
  lease,
  refused,
  secret,
  startWorld,
  type World,
} from './policies-world.ts';

let lab: World;
let operator: Caller;
let agentA: Caller;

beforeAll(async () => {
  lab = await startWorld();
  ({ operator, agentA } = lab);
}, 60_000);
afterAll(() => lab[Symbol.asyncDispose]());

describe('the shipped rights', () => {
  it('are exactly these', async () => {
    await expect(rbacTable(await shippedRights())).toMatchFileSnapshot('../golden/rbac.txt');
  });

  it.each(['tenant', 'peerwright-system', 'peerwright-agents'])(
    'are all that the processes have in namespace %s, says the API server',
    async (namespace) => {
      const processes = {
        'peerwright-system/peerwright-operator': operator,
        'peerwright-agents/peerwright-agent': agentA,
      };
      const rights = await shippedRights();
      const anybody = await rightsFor(lab.user('system:serviceaccount:tenant:default'), namespace);
      for (const [who, caller] of Object.entries(processes)) {
        const here = rights.filter((right) => right.who === who && ['cluster', namespace].includes(right.where));
        expect(await rightsFor(caller, namespace)).toEqual(new Set([...anybody, ...asked(here)]));
      }
    },
  );
});

describe('the operator', () => {
  it('decides: writes status, blocks, configs and its Lease, cleans up, and tells of it', async () => {
    expect(await operator(`PATCH ${GATEWAY}/status`, { status: { nodeName: 'a' } })).toMatchObject(ALLOWED);
    expect(await operator(`PATCH ${PEER}/status`, { status: { addresses: ['10.90.1.7'] } })).toMatchObject(ALLOWED);
    expect(await operator(`POST ${BLOCKS}`, block('v4-0a5a0300', '10.90.3.0/24'))).toMatchObject(ALLOWED);
    expect(await operator(`DELETE ${BLOCKS}/v4-0a5a0300`)).toMatchObject(ALLOWED);
    expect(await operator(`POST ${CONFIGS}`, lab.config('c'))).toMatchObject(ALLOWED);
    expect(await operator(`PATCH ${CONFIGS}/c`, { spec: { gateways: [] } })).toMatchObject(ALLOWED);
    expect(await operator(`DELETE ${CONFIGS}/c`)).toMatchObject(ALLOWED);
    expect(await operator(`POST ${LEASES}`, lease('peerwright-operator'))).toMatchObject(ALLOWED);
    expect(await operator(`DELETE ${LEASES}/peerwright-operator`)).toMatchObject(ALLOWED);
    expect(await operator(`DELETE ${LEASES}/peerwright-agent-b`)).toMatchObject(ALLOWED);
    expect(await operator(`DELETE ${REPORTS}/s000.b`)).toMatchObject(ALLOWED);
    for (const path of ['/api/v1/nodes', '/apis/networking.k8s.io/v1/servicecidrs', `${OURS}/wireguardpeers`]) {
      expect(await operator(`GET ${path}`)).toMatchObject(ALLOWED);
    }
    const keys = '/api/v1/namespaces/tenant/secrets';
    expect(await operator(`POST ${keys}`, secret('operators-own'))).toMatchObject(ALLOWED);
    expect(await operator(`GET ${keys}/operators-own`)).toMatchObject(ALLOWED);
    expect(await operator(`DELETE ${keys}/operators-own`)).toMatchObject(ALLOWED);
    expect(await operator('GET /apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies')).toMatchObject(
      ALLOWED,
    );
    expect(await operator('GET /apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings')).toMatchObject(
      ALLOWED,
    );
  });

  it('lists no Secrets, writes no spec and speaks for no node', async () => {
    expect(await operator('GET /api/v1/secrets')).toMatchObject(refused(NO_RIGHT));
    expect(await operator('GET /api/v1/namespaces/peerwright-system/secrets')).toMatchObject(refused(NO_RIGHT));
    expect(await operator('GET /api/v1/secrets?watch=true')).toMatchObject(refused(NO_RIGHT));
    expect(await operator(`PATCH ${GATEWAY}`, { spec: { listenPort: 1 } })).toMatchObject(refused(NO_RIGHT));
    expect(await operator(`DELETE ${PEER}`)).toMatchObject(refused(NO_RIGHT));
    expect(await operator(`POST ${REPORTS}`, lab.report('s000.b', 'b'))).toMatchObject(refused(NO_RIGHT));
    expect(await operator(`DELETE ${BLOCKS}`)).toMatchObject(refused(NO_RIGHT));
    const before = created(await lab.admin(`GET ${GATEWAY}`)).spec;
    expect(await operator(`PATCH ${GATEWAY}/status`, { spec: { listenPort: 1 } })).toMatchObject(ALLOWED);
    expect(created(await lab.admin(`GET ${GATEWAY}`)).spec).toEqual(before);
  });
});

describe('what the operator sees of the policies', () => {
  const ADMISSION = '/apis/admissionregistration.k8s.io/v1';
  const POLICIES = `${ADMISSION}/validatingadmissionpolicies`;
  const BINDINGS = `${ADMISSION}/validatingadmissionpolicybindings`;
  const shipped = shippedPolicies(DEFAULT_PARTIES);
  const live = async () => ({
    policies: created(await operator(`GET ${POLICIES}`)).items,
    bindings: created(await operator(`GET ${BINDINGS}`)).items,
  });

  it('is in force as the API server stores and completes them', async () => {
    expect(policyProblems(shipped, await live())).toEqual([]);
  });

  it.each([
    ['spec.failurePolicy', { failurePolicy: 'Ignore' }],
    ['spec.paramKind', { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } }],
    ['spec.matchConditions', { matchConditions: [{ name: 'never', expression: 'false' }] }],
    [
      'spec.matchConstraints.namespaceSelector',
      { matchConstraints: { namespaceSelector: { matchLabels: { some: 'label' } } } },
    ],
    [
      'spec.matchConstraints.excludeResourceRules',
      {
        matchConstraints: {
          excludeResourceRules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*'] }],
        },
      },
    ],
  ])('is unsafe when %s of a stored policy would be changed', async (path, spec) => {
    const { policies, bindings } = await live();
    const changed = created(await lab.admin(`PATCH ${POLICIES}/peerwright-decisions?dryRun=All`, { spec }));
    const others = policies.filter(({ metadata }: typeof changed) => metadata.name !== changed.metadata.name);
    expect(policyProblems(shipped, { policies: [...others, changed], bindings })).toMatchObject([{ path }]);
  });

  it('is unsafe when a stored binding would only match some objects', async () => {
    const { policies } = await live();
    const spec = { matchResources: { objectSelector: { matchLabels: { some: 'label' } } } };
    const changed = created(await lab.admin(`PATCH ${BINDINGS}/peerwright-decisions?dryRun=All`, { spec }));
    const bindings = [...shipped.bindings.slice(0, 2), changed];
    expect(policyProblems(shipped, { policies, bindings })).toMatchObject([{ path: 'spec.matchResources' }]);
  });
});

async function shippedRights(): Promise<Right[]> {
  return rightsIn(await readFile(join(import.meta.dirname, '../../deploy/rbac.yaml'), 'utf8'));
}

/** `verb group/resource` of all that the API server says the caller may do there. */
async function rightsFor(caller: Caller, namespace: string): Promise<Set<string>> {
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectRulesReview',
    spec: { namespace },
  };
  const { status } = created(await caller('POST /apis/authorization.k8s.io/v1/selfsubjectrulesreviews', review));
  expect(status.incomplete).toBe(false);
  const rules: { apiGroups: string[]; resources: string[]; verbs: string[]; resourceNames?: string[] }[] =
    status.resourceRules;
  return new Set(
    rules.flatMap(({ apiGroups, resources, verbs, resourceNames = [] }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          verbs.map((verb) => [verb, `${group}/${resource}`, ...resourceNames].join(' ')),
        ),
      ),
    ),
  );
}

function asked(rights: readonly Right[]): string[] {
  return rights.flatMap(({ resource, verbs }) => verbs.map((verb) => `${verb} ${resource}`));
}
