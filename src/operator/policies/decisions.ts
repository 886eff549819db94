import { GROUP } from '../../api/v1alpha1/common.ts';
import { EMPTIES_NAMESPACE, isOperator, mayRestore } from './expressions.ts';
import type { AdmissionPolicy, Parties } from './shape.ts';

/**
 * Only the operator decides: the status of gateways and peers is what agents program, blocks say whose an address is,
 * node configs carry sealed keys. A role that grants these rights by accident, such as `*` in a namespace, is not
 * enough.
 */
export function decisionsPolicy(parties: Parties): AdmissionPolicy {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'peerwright-decisions' },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        matchPolicy: 'Equivalent',
        resourceRules: [
          {
            apiGroups: [GROUP],
            apiVersions: ['*'],
            operations: ['CREATE', 'UPDATE'],
            resources: ['wireguardgateways/status', 'wireguardpeers/status'],
            scope: '*',
          },
          {
            apiGroups: [GROUP],
            apiVersions: ['*'],
            operations: ['CREATE', 'UPDATE', 'DELETE'],
            resources: [
              'wireguardaddressblocks',
              'wireguardaddressblocks/*',
              'wireguardnodeconfigs',
              'wireguardnodeconfigs/*',
            ],
            scope: '*',
          },
        ],
      },
      variables: [
        { name: 'operator', expression: isOperator(parties) },
        { name: 'restore', expression: mayRestore(parties) },
        { name: 'emptying', expression: EMPTIES_NAMESPACE },
      ],
      validations: [
        {
          expression: 'variables.operator || variables.restore || variables.emptying',
          message: `only the operator writes status, address blocks and node configs; to restore or repair them, hold the verb restore on wireguardaddressblocks in namespace ${parties.systemNamespace}`,
          reason: 'Forbidden',
        },
      ],
    },
  };
}
