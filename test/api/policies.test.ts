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
  NO_NODE,
  NO_RIGHT,
  OURS,
  OWN_LEASE,
  OWN_REPORTS,
  PEER,
  RBAC,
  REPORTS,
  REPORTS_BY_AGENTS,
  TOKEN_NODE,
  agentLease,
  block,
  lease,
  refused,
  startWorld,
  type World,
} from './policies-world.ts';

let lab: World;
let agentA: Caller;
let agentB: Caller;
let operator: Caller;
let meddler: Caller;

beforeAll(async () => {
  lab = await startWorld();
  ({ agentA, agentB, operator, meddler } = lab);
}, 60_000);
afterAll(() => lab[Symbol.asyncDispose]());

describe("an agent's token", () => {
  it('reads its config and the peers, and writes its own reports and Lease', async () => {
    for (const name of ['s001.a', 's002.a']) {
      const made = created(await agentA(`POST ${REPORTS}`, lab.report(name, 'a')));
      made.spec.shardCount = 1;
      expect(await agentA(`PUT ${REPORTS}/${name}`, made)).toMatchObject(ALLOWED);
    }
    const lease = created(await agentA(`GET ${LEASES}/peerwright-agent-a`));
    lease.spec.holderIdentity = 'a';
    expect(await agentA(`PUT ${LEASES}/peerwright-agent-a`, lease)).toMatchObject(ALLOWED);
    expect(await agentA(`DELETE ${REPORTS}/s001.a`)).toMatchObject(ALLOWED);
    for (const path of [CONFIGS, `${CONFIGS}/b`, REPORTS, `${LEASES}/peerwright-agent-a`, `${OURS}/wireguardpeers`]) {
      expect(await agentA(`GET ${path}`)).toMatchObject(ALLOWED);
    }
  });

  it('reads no Secret anywhere', async () => {
    for (const namespace of ['peerwright-system', 'peerwright-agents', 'tenant', 'kube-system']) {
      const secrets = `/api/v1/namespaces/${namespace}/secrets`;
      for (const call of [`GET ${secrets}`, `GET ${secrets}/edge-key-1`, `GET ${secrets}?watch=true`]) {
        expect(await agentA(call)).toMatchObject(refused(NO_RIGHT));
      }
    }
    expect(await agentA('GET /api/v1/secrets')).toMatchObject(refused(NO_RIGHT));
  });

  it("writes nothing of another node's reports", async () => {
    const other = created(await lab.admin(`GET ${REPORTS}/s000.b`));
    expect(await agentA(`POST ${REPORTS}`, lab.report('s001.b', 'b'))).toMatchObject(refused(OWN_REPORTS));
    expect(await agentA(`PUT ${REPORTS}/s000.b`, other)).toMatchObject(refused(OWN_REPORTS));
    expect(await agentA(`DELETE ${REPORTS}/s000.b`)).toMatchObject(refused(OWN_REPORTS));
    expect(await agentA(`PATCH ${REPORTS}/s000.b`, { spec: { shardCount: 9 } })).toMatchObject(refused(NO_RIGHT));
    expect(await agentA(`PATCH ${REPORTS}/s000.b/status`, { status: {} })).toMatchObject(refused(NO_RIGHT));
    expect(await agentA(`DELETE ${REPORTS}`)).toMatchObject(refused(NO_RIGHT));
    expect(created(await lab.admin(`GET ${REPORTS}/s000.b`))).toEqual(other);
  });

  it('passes for no node whose name looks like its own', async () => {
    expect(await agentA(`POST ${REPORTS}`, lab.report('s000.x.a', 'x.a'))).toMatchObject(refused(OWN_REPORTS));
    expect(await agentA(`POST ${REPORTS}`, lab.report('s000.s000.a', 's000.a'))).toMatchObject(refused(OWN_REPORTS));
    const lookalike = await lab.agent('s000.a');
    expect(await lookalike(`PUT ${REPORTS}/s000.a`, created(await lab.admin(`GET ${REPORTS}/s000.a`)))).toMatchObject(
      refused(OWN_REPORTS),
    );
    expect(await lookalike(`DELETE ${REPORTS}/s000.a`)).toMatchObject(refused(OWN_REPORTS));
    expect(await lookalike(`POST ${LEASES}`, agentLease('a'))).toMatchObject(refused(OWN_LEASE));
    expect(await lookalike(`POST ${REPORTS}`, lab.report('s000.s000.a', 's000.a'))).toMatchObject(ALLOWED);
  });

  it('cannot claim another uid than that of its Node', async () => {
    const claim = lab.report('s003.a', 'a');
    expect(await agentA(`POST ${REPORTS}`, { ...claim, spec: { ...claim.spec, nodeUID: 'another' } })).toMatchObject(
      refused(TOKEN_NODE),
    );
  });

  it("writes neither another node's Lease nor any other one", async () => {
    const leaseOfB = created(await agentB(`GET ${LEASES}/peerwright-agent-b`));
    expect(await agentA(`PUT ${LEASES}/peerwright-agent-b`, leaseOfB)).toMatchObject(refused(OWN_LEASE));
    expect(await agentA(`POST ${LEASES}`, agentLease('c'))).toMatchObject(refused(OWN_LEASE));
    expect(await agentA(`POST ${LEASES}`, lease('peerwright-operator'))).toMatchObject(refused(OWN_LEASE));
    expect(await agentA(`PUT ${LEASES}/peerwright-operator`, lease('peerwright-operator'))).toMatchObject(
      refused(OWN_LEASE),
    );
    expect(await agentA(`DELETE ${LEASES}/peerwright-agent-a`)).toMatchObject(refused(NO_RIGHT));
    expect(await agentA(`DELETE ${LEASES}`)).toMatchObject(refused(NO_RIGHT));
    const elsewhere = '/apis/coordination.k8s.io/v1/namespaces/peerwright-agents/leases';
    expect(await agentA(`POST ${elsewhere}`, agentLease('a'))).toMatchObject(refused(NO_RIGHT));
  });

  it('writes no gateway, peer, block, config or event', async () => {
    expect(await agentA(`PATCH ${GATEWAY}`, { spec: { listenPort: 1 } })).toMatchObject(refused(NO_RIGHT));
    expect(await agentA(`PATCH ${GATEWAY}/status`, { status: { nodeName: 'a' } })).toMatchObject(refused(NO_RIGHT));
    expect(await agentA(`PATCH ${PEER}`, { spec: { state: 'Enabled' } })).toMatchObject(refused(NO_RIGHT));
    expect(await agentA(`PATCH ${PEER}/status`, { status: { addresses: ['10.0.0.1'] } })).toMatchObject(
      refused(NO_RIGHT),
    );
    expect(await agentA(`POST ${BLOCKS}`, block('v4-0a5a0200', '10.90.2.0/24'))).toMatchObject(refused(NO_RIGHT));
    expect(await agentA(`PATCH ${CONFIGS}/b`, { spec: { gateways: [] } })).toMatchObject(refused(NO_RIGHT));
    expect(await agentA(`DELETE ${CONFIGS}/b`)).toMatchObject(refused(NO_RIGHT));
    expect(await agentA('GET /api/v1/nodes')).toMatchObject(refused(NO_RIGHT));
    expect(await agentA('POST /apis/events.k8s.io/v1/namespaces/default/events', {})).toMatchObject(refused(NO_RIGHT));
  });

  it('makes no token, pod or other identity', async () => {
    const account = '/api/v1/namespaces/peerwright-agents/serviceaccounts/peerwright-agent';
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
    expect(await agentA(`POST ${account}/token`, review)).toMatchObject(refused(NO_RIGHT));
    expect(await agentA('POST /api/v1/namespaces/peerwright-agents/pods', {})).toMatchObject(refused(NO_RIGHT));
  });

  it('that is bound to no pod, or to one on a Node that does not exist, writes nothing', async () => {
    const unbound = await lab.unboundAgent();
    const ghost = await lab.agent('ghost');
    for (const caller of [unbound, ghost]) {
      expect(await caller(`POST ${REPORTS}`, lab.report('s000.ghost', 'ghost'))).toMatchObject(refused(NO_NODE));
      expect(await caller(`DELETE ${REPORTS}/s000.b`)).toMatchObject(refused(NO_NODE));
      expect(await caller(`POST ${LEASES}`, agentLease('ghost'))).toMatchObject(refused(NO_NODE));
    }
  });
});

describe('admission alone, when roles grant too much', () => {
  it('keeps an agent to its own node, in one namespace, one object at a time', async () => {
    const role = `${RBAC}/clusterrolebindings/too-much-for-agents`;
    await lab.bindCluster('too-much-for-agents', 'everything-of-ours', {
      kind: 'ServiceAccount',
      namespace: 'peerwright-agents',
      name: 'peerwright-agent',
    });
    await eventually(
      () => agentA(`PATCH ${REPORTS}/s000.b?dryRun=All`, { spec: { shardCount: 9 } }),
      ({ message }) => !NO_RIGHT.test(message),
    );
    expect(await agentA(`PATCH ${REPORTS}/s000.b`, { spec: { shardCount: 9 } })).toMatchObject(refused(OWN_REPORTS));
    expect(await agentA(`DELETE ${REPORTS}`)).toMatchObject(refused(OWN_REPORTS));
    expect(await agentA(`DELETE ${LEASES}`)).toMatchObject(refused(OWN_LEASE));
    expect(await agentA(`DELETE ${LEASES}/peerwright-agent-b`)).toMatchObject(refused(OWN_LEASE));
    expect(
      await agentA(`POST ${OURS}/namespaces/tenant/wireguardnodereports`, lab.report('s000.a', 'a')),
    ).toMatchObject(refused(OWN_REPORTS));
    const elsewhere = '/apis/coordination.k8s.io/v1/namespaces/tenant/leases';
    expect(await agentA(`POST ${elsewhere}`, agentLease('a'))).toMatchObject(refused(OWN_LEASE));
    expect(await agentA(`PATCH ${PEER}/status`, { status: { addresses: ['10.0.0.1'] } })).toMatchObject(
      refused(DECISION),
    );
    expect(await agentA(`PATCH ${CONFIGS}/a`, { spec: { gateways: [] } })).toMatchObject(refused(DECISION));
    expect(await agentA(`DELETE ${BLOCKS}`)).toMatchObject(refused(DECISION));
    created(await lab.admin(`GET ${REPORTS}/s000.a`));
    created(await lab.admin(`GET ${LEASES}/peerwright-agent-a`));
    created(await lab.admin(`DELETE ${role}`));
    await eventually(
      () => agentA(`PATCH ${REPORTS}/s000.a?dryRun=All`, {}),
      ({ message }) => NO_RIGHT.test(message),
    );
  });

  it('lets nobody else write decisions', async () => {
    expect(await meddler(`PATCH ${GATEWAY}/status`, { status: { nodeName: 'a' } })).toMatchObject(refused(DECISION));
    expect(await meddler(`PATCH ${PEER}/status`, { status: { addresses: ['10.0.0.1'] } })).toMatchObject(
      refused(DECISION),
    );
    expect(await meddler(`POST ${BLOCKS}`, block('v4-0a5a0200', '10.90.2.0/24'))).toMatchObject(refused(DECISION));
    expect(await meddler(`PATCH ${BLOCKS}/v4-0a5a0100`, { spec: { allocations: [] } })).toMatchObject(
      refused(DECISION),
    );
    expect(await meddler(`POST ${CONFIGS}`, lab.config('c'))).toMatchObject(refused(DECISION));
    for (const path of [CONFIGS, `${CONFIGS}/b`, BLOCKS, `${BLOCKS}/v4-0a5a0100`]) {
      expect(await meddler(`DELETE ${path}`)).toMatchObject(refused(DECISION));
    }
  });

  it('lets nobody but the agent speak for a node; reports may be cleaned up', async () => {
    expect(await meddler(`POST ${REPORTS}`, lab.report('s005.b', 'b'))).toMatchObject(refused(REPORTS_BY_AGENTS));
    expect(await meddler(`PATCH ${REPORTS}/s000.b`, { spec: { shardCount: 9 } })).toMatchObject(
      refused(REPORTS_BY_AGENTS),
    );
    expect(await meddler(`POST ${LEASES}`, agentLease('c'))).toMatchObject(refused(LEASE_BY_AGENT));
    expect(await meddler(`PATCH ${LEASES}/peerwright-agent-b`, { spec: { holderIdentity: 'c' } })).toMatchObject(
      refused(LEASE_BY_AGENT),
    );
    expect(await meddler(`DELETE ${LEASES}/peerwright-agent-b`)).toMatchObject(refused(LEASE_BY_AGENT));
    expect(await meddler(`DELETE ${LEASES}`)).toMatchObject(refused(LEASE_BY_AGENT));
    expect(await operator(`PATCH ${LEASES}/peerwright-agent-b`, { spec: { holderIdentity: 'c' } })).toMatchObject(
      refused(LEASE_BY_AGENT),
    );
    expect(await agentB(`POST ${REPORTS}`, lab.report('s005.b', 'b'))).toMatchObject(ALLOWED);
    expect(await meddler(`DELETE ${REPORTS}/s005.b`)).toMatchObject(ALLOWED);
  });

  it('leaves the Leases of others alone', async () => {
    const leases = '/apis/coordination.k8s.io/v1/namespaces/tenant/leases';
    expect(await meddler(`POST ${leases}`, agentLease('b'))).toMatchObject(ALLOWED);
    expect(await meddler(`POST ${LEASES}`, lease('of-others'))).toMatchObject(ALLOWED);
    expect(await meddler(`DELETE ${LEASES}/of-others`)).toMatchObject(ALLOWED);
  });
});
