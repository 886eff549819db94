import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { created, eventually, type Caller } from './policies-lab.ts';
import {
  ALLOWED,
  BLOCKS,
  CONFIGS,
  DECISION,
  GATEWAY,
  LEASES,
  LEASE_BY_AGENT,
  NO_RIGHT,
  OURS,
  PEER,
  RBAC,
  REPORTS,
  REPORTS_BY_AGENTS,
  agentLease,
  block,
  grants,
  peer,
  rbac,
  refused,
  startWorld,
  user,
  type World,
} from './policies-world.ts';

let lab: World;
let tenant: Caller;

beforeAll(async () => {
  lab = await startWorld();
  ({ tenant } = lab);
}, 60_000);
afterAll(() => lab[Symbol.asyncDispose]());

describe('a tenant with edit and admin in its namespace', () => {
  it('manages its peers, and its gateway where that was granted', async () => {
    expect(await tenant(`PATCH ${PEER}`, { spec: { state: 'Disabled' } })).toMatchObject(ALLOWED);
    expect(await tenant(`PATCH ${PEER}`, { spec: { state: 'Enabled' } })).toMatchObject(ALLOWED);
    expect(await tenant(`PATCH ${GATEWAY}`, { spec: { listenPort: 51_900 } })).toMatchObject(refused(NO_RIGHT));
    await lab.bind('gateways', 'peerwright-gateway-admin', user('tenant'));
    await eventually(
      () => tenant(`PATCH ${GATEWAY}`, { spec: { listenPort: 51_900 } }),
      ({ status }) => status === 200,
    );
  });

  it('writes no status, neither by the subresource nor inside the object', async () => {
    const status = { addresses: ['10.90.1.66'] };
    for (const path of [GATEWAY, PEER]) {
      expect(await tenant(`PATCH ${path}/status`, { status })).toMatchObject(refused(NO_RIGHT));
      expect(created(await tenant(`PATCH ${path}`, { status })).status.addresses).not.toEqual(status.addresses);
      const whole = created(await tenant(`GET ${path}`));
      expect(created(await tenant(`PUT ${path}`, { ...whole, status })).status.addresses).not.toEqual(status.addresses);
    }
    const peers = `${OURS}/namespaces/tenant/wireguardpeers`;
    const born = { ...peer('born-with-status'), status };
    expect(created(await tenant(`POST ${peers}`, born)).status.addresses).not.toEqual(status.addresses);
  });

  it('writes no status even with all rights in its namespace', async () => {
    await lab.bind('everything-here', 'everything-of-ours', user('tenant'));
    await lab.bind('wildcard-here', 'wildcard', user('tenant'));
    const refusal = await eventually(
      () => tenant(`PATCH ${PEER}/status`, { status: { addresses: ['10.90.1.66'] } }),
      ({ message }) => !NO_RIGHT.test(message),
    );
    expect(refusal).toMatchObject(refused(DECISION));
    expect(await tenant(`PATCH ${GATEWAY}/status`, { status: { nodeName: 'a' } })).toMatchObject(refused(DECISION));
    const here = `${OURS}/namespaces/tenant`;
    expect(await tenant(`POST ${here}/wireguardaddressblocks`, block('v4-0a5a0200', '10.90.2.0/24'))).toMatchObject(
      refused(DECISION),
    );
    expect(await tenant(`POST ${here}/wireguardnodeconfigs`, lab.config('a'))).toMatchObject(refused(DECISION));
    expect(await tenant(`POST ${here}/wireguardnodereports`, lab.report('s000.b', 'b'))).toMatchObject(
      refused(REPORTS_BY_AGENTS),
    );
  });

  it("touches nothing in the operator's or another namespace, and becomes nobody else", async () => {
    expect(await tenant(`PATCH ${BLOCKS}/v4-0a5a0100`, {})).toMatchObject(refused(NO_RIGHT));
    expect(await tenant(`GET ${CONFIGS}`)).toMatchObject(refused(NO_RIGHT));
    expect(await tenant(`DELETE ${REPORTS}/s000.b`)).toMatchObject(refused(NO_RIGHT));
    expect(await tenant(`GET ${REPORTS}`)).toMatchObject(refused(NO_RIGHT));
    expect(await tenant('GET /api/v1/namespaces/peerwright-system/secrets')).toMatchObject(refused(NO_RIGHT));
    expect(await tenant(`PATCH ${PEER.replace('tenant', 'default')}`, {})).toMatchObject(refused(NO_RIGHT));
    const operatorToken = '/api/v1/namespaces/peerwright-system/serviceaccounts/peerwright-operator/token';
    expect(await tenant(`POST ${operatorToken}`, {})).toMatchObject(refused(NO_RIGHT));
    const review = created(
      await tenant('POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: {
          resourceAttributes: {
            verb: 'impersonate',
            resource: 'serviceaccounts',
            namespace: 'peerwright-system',
            name: 'peerwright-operator',
          },
        },
      }),
    );
    expect(review.status.allowed).toBe(false);
  });
});

describe('an administrator', () => {
  it('repairs decisions, because cluster-admin holds every verb and with it restore, but speaks for no node', async () => {
    await lab.bindCluster('chief', 'cluster-admin', user('chief'));
    const chief = lab.user('chief');
    const written = await eventually(
      () => chief(`PATCH ${PEER}/status`, { status: { addresses: ['10.90.1.8'] } }),
      ({ message }) => !NO_RIGHT.test(message),
    );
    expect(written).toMatchObject({ status: 200 });
    expect(await chief(`PATCH ${CONFIGS}/b`, { spec: { gateways: [] } })).toMatchObject(ALLOWED);
    expect(await chief(`POST ${REPORTS}`, lab.report('s005.b', 'b'))).toMatchObject(refused(REPORTS_BY_AGENTS));
    expect(await chief(`POST ${LEASES}`, agentLease('c'))).toMatchObject(refused(LEASE_BY_AGENT));
  });

  it('may grant restore to a backup tool that has the rights for it', async () => {
    const backup = lab.user('backup');
    await lab.bindCluster('backup', 'everything-of-ours', user('backup'));
    created(
      await lab.admin(`POST ${RBAC}/namespaces/peerwright-system/roles`, {
        ...rbac('Role', 'restore'),
        rules: [{ apiGroups: ['peerwright.dev'], resources: ['wireguardaddressblocks'], verbs: ['restore'] }],
      }),
    );
    created(
      await lab.admin(`POST ${RBAC}/namespaces/peerwright-system/rolebindings`, {
        ...rbac('RoleBinding', 'restore'),
        ...grants('Role', 'restore', user('backup')),
      }),
    );
    const made = await eventually(
      () => backup(`POST ${BLOCKS}`, block('v4-0a5a0400', '10.90.4.0/24')),
      ({ status }) => status !== 403,
    );
    expect(made).toMatchObject({ status: 201 });
    expect(await backup(`PATCH ${PEER}/status`, { status: { addresses: ['10.90.1.9'] } })).toMatchObject(ALLOWED);
  });

  it('can delete the whole namespace: its controller is let through, only then', async () => {
    const sweeper = lab.user('system:serviceaccount:kube-system:namespace-controller');
    expect(await sweeper(`DELETE ${BLOCKS}`)).toMatchObject(refused(DECISION));
    created(await lab.admin(`DELETE /api/v1/namespaces/peerwright-system`));
    await eventually(
      () => sweeper(`DELETE ${BLOCKS}`),
      ({ status }) => status === 200,
    );
    for (const path of [CONFIGS, REPORTS, LEASES]) expect(await sweeper(`DELETE ${path}`)).toMatchObject(ALLOWED);
    for (const path of [BLOCKS, CONFIGS, REPORTS, LEASES]) {
      expect(created(await lab.admin(`GET ${path}`)).items).toEqual([]);
    }
  });
});
