import { agentLeasesPolicy } from './agent-leases.ts';
import { decisionsPolicy } from './decisions.ts';
import { nodeReportsPolicy } from './node-reports.ts';
import type { AdmissionBinding, AdmissionPolicy, Parties, PolicySet } from './shape.ts';

/**
 * The admission policies of this release and their bindings, for these names: the one source of deploy/policies.yaml
 * and of what the operator wants to see in force before it seals a key.
 */
export function shippedPolicies(parties: Parties): PolicySet {
  const policies = [nodeReportsPolicy(parties), agentLeasesPolicy(parties), decisionsPolicy(parties)];
  return { policies, bindings: policies.map(bindingOf) };
}

function bindingOf(policy: AdmissionPolicy): AdmissionBinding {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: policy.metadata.name },
    spec: { policyName: policy.metadata.name, validationActions: ['Deny'] },
  };
}
