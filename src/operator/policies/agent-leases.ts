import {
  EMPTIES_NAMESPACE,
  TOKEN_NODE,
  inSystemNamespace,
  isAgent,
  isOperator,
  literal,
  mayRestore,
} from './expressions.ts';
import type { AdmissionPolicy, Parties } from './shape.ts';

/** An agent's Lease is this and the name of its node. */
export const AGENT_LEASE_PREFIX = 'peerwright-agent-';

// A deletecollection has no name in its requests; each of them carries the object that would go.
const TARGET =
  "request.operation == 'CREATE' ? object.metadata.name : has(request.name) ? request.name : oldObject.metadata.name";

/**
 * Only the agent of a node says that it is alive. Looks at what agents write to any Lease, and at what anybody writes
 * to an agent's Lease; all other Leases of the cluster (kubelets renew theirs all the time) pass by untouched.
 */
export function agentLeasesPolicy(parties: Parties): AdmissionPolicy {
  const agentLease = `${inSystemNamespace(parties)} && (${TARGET}).startsWith(${literal(AGENT_LEASE_PREFIX)})`;
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'peerwright-agent-leases' },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        matchPolicy: 'Equivalent',
        resourceRules: [
          {
            apiGroups: ['coordination.k8s.io'],
            apiVersions: ['*'],
            operations: ['CREATE', 'UPDATE', 'DELETE'],
            resources: ['leases', 'leases/*'],
            scope: '*',
          },
        ],
      },
      matchConditions: [{ name: 'concerned', expression: `${isAgent(parties)} || (${agentLease})` }],
      variables: [
        { name: 'agent', expression: isAgent(parties) },
        ...TOKEN_NODE,
        {
          name: 'target',
          expression: "request.operation == 'CREATE' ? object.metadata.name : request.?name.orValue('')",
        },
        { name: 'operator', expression: isOperator(parties) },
        { name: 'restore', expression: mayRestore(parties) },
        { name: 'emptying', expression: EMPTIES_NAMESPACE },
      ],
      validations: [
        {
          expression: "!variables.agent || (variables.node != '' && variables.nodeUID != '')",
          message: "the agent's token names no node: use a token bound to a pod that runs on an existing node",
          reason: 'Forbidden',
        },
        {
          expression: `!variables.agent || (${inSystemNamespace(parties)} && variables.target == ${literal(AGENT_LEASE_PREFIX)} + variables.node)`,
          message: `an agent writes only the Lease of its own node: ${AGENT_LEASE_PREFIX}<node> in namespace ${parties.systemNamespace}`,
          reason: 'Forbidden',
        },
        {
          expression:
            "variables.agent || (request.operation == 'DELETE' && (variables.operator || variables.restore || variables.emptying))",
          message: `${AGENT_LEASE_PREFIX}<node> is written only by the agent of that node; the operator may delete it`,
          reason: 'Forbidden',
        },
      ],
    },
  };
}
