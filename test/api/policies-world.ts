import { expect } from 'vitest';
import { created, eventually, startPolicyLab, type Caller, type PolicyLab } from './policies-lab.ts';

const SYSTEM = '/namespaces/peerwright-system';
export const OURS = '/apis/peerwright.dev/v1alpha1';
export const REPORTS = `${OURS}${SYSTEM}/wireguardnodereports`;
export const CONFIGS = `${OURS}${SYSTEM}/wireguardnodeconfigs`;
export const BLOCKS = `${OURS}${SYSTEM}/wireguardaddressblocks`;
export const LEASES = `/apis/coordination.k8s.io/v1${SYSTEM}/leases`;
export const GATEWAY = `${OURS}/namespaces/tenant/wireguardgateways/edge`;
export const PEER = `${OURS}/namespaces/tenant/wireguardpeers/laptop`;
export const RBAC = '/apis/rbac.authorization.k8s.io/v1';

/** What RBAC answers, before admission is asked. */
export const NO_RIGHT = /cannot (get|list|watch|create|update|patch|delete|deletecollection) resource/;
export const OWN_REPORTS = /peerwright-node-reports.* denied request: an agent writes only the reports of its own node/;
export const REPORTS_BY_AGENTS =
  /peerwright-node-reports.* denied request: only the agent of a node writes its reports/;
export const TOKEN_NODE =
  /peerwright-node-reports.* denied request: spec.nodeName and spec.nodeUID must be the node of/;
export const OWN_LEASE = /peerwright-agent-leases.* denied request: an agent writes only the Lease of its own node/;
export const LEASE_BY_AGENT = /peerwright-agent-leases.* denied request: peerwright-agent-<node> is written only by/;
export const NO_NODE = /denied request: the agent's token names no node/;
export const DECISION = /peerwright-decisions.* denied request: only the operator writes status, address blocks and no/;

/** The answer to a request that was refused for this reason. */
export const refused = (why: RegExp) => ({ status: 403, message: expect.stringMatching(why) });
export const ALLOWED = { status: expect.toBeOneOf([200, 201]) };

/**
 * A cluster with nodes, a gateway and a peer in namespace `tenant`, and decisions and reports about them; a `tenant`
 * with edit and admin there; and a `meddler` with rights on all our objects, as someone granted them by accident, but
 * not `restore`.
 */
export interface World extends Omit<PolicyLab, 'operator'> {
  readonly tenant: Caller;
  readonly meddler: Caller;
  /** Agents of nodes a and b, which have reported (`s000`) and have their Leases. */
  readonly agentA: Caller;
  readonly agentB: Caller;
  readonly operator: Caller;
  readonly report: (name: string, nodeName: string) => { spec: Record<string, unknown> };
  readonly config: (node: string) => object;
  /** Grants a ClusterRole in namespace `tenant`. */
  readonly bind: Grant;
  /** Grants a ClusterRole everywhere. */
  readonly bindCluster: Grant;
}

type Grant = (name: string, role: string, subject: object) => Promise<void>;

export async function startWorld(): Promise<World> {
  const lab = await startPolicyLab();
  try {
    const uids: Record<string, string> = {};
    for (const name of ['a', 'b', 'x.a', 's000.a']) uids[name] = await lab.node(name);
    const world: World = {
      ...lab,
      agentA: await lab.agent('a'),
      agentB: await lab.agent('b'),
      operator: await lab.operator(),
      tenant: lab.user('tenant'),
      meddler: lab.user('meddler'),
      report: (name, nodeName) => ({
        ...ours('WireGuardNodeReport', name),
        spec: { nodeName, nodeUID: uids[nodeName] ?? 'none', observedTime: '2030-01-01T00:00:00Z' },
      }),
      config: (node) => ({
        ...ours('WireGuardNodeConfig', node),
        spec: { identity: { nodeUID: uids[node] ?? 'none', recipient: `age1${'q'.repeat(58)}` }, gateways: [] },
      }),
      bind: async (name, role, subject) => {
        const binding = { ...rbac('RoleBinding', name), ...grants('ClusterRole', role, subject) };
        created(await lab.admin(`POST ${RBAC}/namespaces/tenant/rolebindings`, binding));
      },
      bindCluster: async (name, role, subject) => {
        const binding = { ...rbac('ClusterRoleBinding', name), ...grants('ClusterRole', role, subject) };
        created(await lab.admin(`POST ${RBAC}/clusterrolebindings`, binding));
      },
    };
    await grantTenant(world);
    await grantMeddler(world);
    await policiesInUse(world);
    await seed(world);
    return world;
  } catch (error) {
    await lab[Symbol.asyncDispose]();
    throw error;
  }
}

export const user = (name: string) => ({ kind: 'User', name });
export const grants = (kind: string, name: string, subject: object): object => ({
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name },
  subjects: [subject],
});

export const named = (apiVersion: string, kind: string, name: string) => ({ apiVersion, kind, metadata: { name } });
export const rbac = (kind: string, name: string) => named('rbac.authorization.k8s.io/v1', kind, name);
export const secret = (name: string) => ({ ...named('v1', 'Secret', name), stringData: { privateKey: 'secret' } });
export const lease = (name: string) => ({
  ...named('coordination.k8s.io/v1', 'Lease', name),
  spec: { leaseDurationSeconds: 40 },
});
export const agentLease = (node: string) => lease(`peerwright-agent-${node}`);
export const block = (name: string, cidr: string) => ({
  ...ours('WireGuardAddressBlock', name),
  spec: { cidr, allocations: [] },
});
export const peer = (name: string) => ({
  ...ours('WireGuardPeer', name),
  spec: { gatewayRef: { name: 'edge' }, publicKey: 'aPxGwq8zERHQ3Q1cOZFdJ+cvJX5Ka4mLN38AyYKYF10=' },
});

function ours(kind: string, name: string) {
  return named('peerwright.dev/v1alpha1', kind, name);
}

/** Without a controller manager nothing fills edit and admin: the roles that they would contain are bound instead. */
async function grantTenant({ admin, bind }: World): Promise<void> {
  created(await admin('POST /api/v1/namespaces', named('v1', 'Namespace', 'tenant')));
  const labels = ['admin', 'edit', 'view'].map((role) => `rbac.authorization.k8s.io/aggregate-to-${role}`);
  const { items } = created(await admin(`GET ${RBAC}/clusterroles`));
  for (const { metadata } of items) {
    if (!labels.some((label) => metadata.labels?.[label] === 'true')) continue;
    await bind(`tenant-${metadata.name.replaceAll(':', '-')}`, metadata.name, user('tenant'));
  }
}

async function grantMeddler({ admin, bindCluster }: World): Promise<void> {
  const verbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];
  const rules = [
    { apiGroups: ['peerwright.dev'], resources: ['*'], verbs },
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs },
  ];
  created(await admin(`POST ${RBAC}/clusterroles`, { ...rbac('ClusterRole', 'everything-of-ours'), rules }));
  const wildcard = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];
  created(await admin(`POST ${RBAC}/clusterroles`, { ...rbac('ClusterRole', 'wildcard'), rules: wildcard }));
  await bindCluster('meddler', 'everything-of-ours', user('meddler'));
}

/** A binding is in use about a second after it was made. */
async function policiesInUse({ meddler, report, config }: World): Promise<void> {
  const probes: [string, object, RegExp][] = [
    [`POST ${REPORTS}?dryRun=All`, report('s000.b', 'b'), REPORTS_BY_AGENTS],
    [`POST ${LEASES}?dryRun=All`, agentLease('b'), LEASE_BY_AGENT],
    [`POST ${CONFIGS}?dryRun=All`, config('b'), DECISION],
  ];
  for (const [call, body, why] of probes) {
    await eventually(
      () => meddler(call, body),
      ({ message }) => why.test(message),
    );
  }
}

async function seed({ admin, agentA, agentB, operator, config, report }: World): Promise<void> {
  const tenants = `${OURS}/namespaces/tenant`;
  const gateway = { ...ours('WireGuardGateway', 'edge'), spec: { pools: [{ cidr: '10.90.0.0/16' }] } };
  created(await admin(`POST ${tenants}/wireguardgateways`, gateway));
  created(await admin(`POST ${tenants}/wireguardpeers`, peer('laptop')));
  created(await admin('POST /api/v1/namespaces/tenant/secrets', secret('edge-key-1')));
  created(await operator(`POST ${BLOCKS}`, block('v4-0a5a0100', '10.90.1.0/24')));
  for (const [node, agent] of Object.entries({ a: agentA, b: agentB })) {
    created(await operator(`POST ${CONFIGS}`, config(node)));
    created(await agent(`POST ${REPORTS}`, report(`s000.${node}`, node)));
    created(await agent(`POST ${LEASES}`, agentLease(node)));
  }
}
