import { GROUP } from '../../api/v1alpha1/common.ts';
import { TOKEN_NODE, inSystemNamespace, isAgent } from './expressions.ts';
import type { AdmissionPolicy, Parties } from './shape.ts';

/**
 * Only the agent of a node says what is on that node. The operator seals keys to the recipient that it reads in a
 * report, so whoever writes B's report would get B's keys.
 */
export function nodeReportsPolicy(parties: Parties): AdmissionPolicy {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'peerwright-node-reports' },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        matchPolicy: 'Equivalent',
        resourceRules: [
          {
            apiGroups: [GROUP],
            apiVersions: ['*'],
            operations: ['CREATE', 'UPDATE', 'DELETE'],
            // Without the subresources, another node's status could be patched.
            resources: ['wireguardnodereports', 'wireguardnodereports/*'],
            scope: '*',
          },
        ],
      },
      variables: [
        { name: 'agent', expression: isAgent(parties) },
        ...TOKEN_NODE,
        // In a deletecollection the request has no name, so an agent's is refused before anything is deleted.
        {
          name: 'target',
          expression: "request.operation == 'CREATE' ? object.metadata.name : request.?name.orValue('')",
        },
      ],
      validations: [
        {
          expression: "variables.agent || request.operation == 'DELETE'",
          message: 'only the agent of a node writes its reports; others may delete them',
          reason: 'Forbidden',
        },
        {
          expression: "!variables.agent || (variables.node != '' && variables.nodeUID != '')",
          message: "the agent's token names no node: use a token bound to a pod that runs on an existing node",
          reason: 'Forbidden',
        },
        // A prefix of fixed width: with any suffix, one node's name could pass for another's (`a` and `a.s000`).
        {
          expression: `!variables.agent || (${inSystemNamespace(parties)} && variables.target.matches('^s[0-9]{3}[.]') && variables.target.substring(5) == variables.node)`,
          message: `an agent writes only the reports of its own node, one by one: s000.<node> to s999.<node> in namespace ${parties.systemNamespace}`,
          reason: 'Forbidden',
        },
        {
          expression:
            "!variables.agent || request.operation == 'DELETE' || (object.spec.nodeName == variables.node && object.spec.nodeUID == variables.nodeUID)",
          message: "spec.nodeName and spec.nodeUID must be the node of the agent's token",
          reason: 'Forbidden',
        },
      ],
    },
  };
}
