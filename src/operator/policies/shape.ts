/**
 * Who takes part: the names that an installation may choose. Policies are rendered with them, so that the operator
 * can tell what should be in force where it runs.
 */
export interface Parties {
  readonly systemNamespace: string;
  /** Name of the operator's service account in `systemNamespace`. */
  readonly operatorAccount: string;
  readonly agentNamespace: string;
  /** Name of the agents' service account in `agentNamespace`. */
  readonly agentAccount: string;
}

/** The names that the files in deploy/ use. */
export const DEFAULT_PARTIES: Parties = {
  systemNamespace: 'peerwright-system',
  operatorAccount: 'peerwright-operator',
  agentNamespace: 'peerwright-agents',
  agentAccount: 'peerwright-agent',
};

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE';

export interface ResourceRule {
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly operations: readonly Operation[];
  readonly resources: readonly string[];
  readonly scope: '*';
}

/** A CEL expression with a name: a variable, or a condition without which the policy does not look. */
export interface NamedExpression {
  readonly name: string;
  readonly expression: string;
}

export interface Validation {
  readonly expression: string;
  readonly message: string;
  readonly reason: 'Forbidden';
}

/** `admissionregistration.k8s.io/v1`, with every field written out that the API server would fill in. */
export interface AdmissionPolicy {
  readonly apiVersion: 'admissionregistration.k8s.io/v1';
  readonly kind: 'ValidatingAdmissionPolicy';
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly failurePolicy: 'Fail';
    readonly matchConstraints: { readonly matchPolicy: 'Equivalent'; readonly resourceRules: readonly ResourceRule[] };
    readonly matchConditions?: readonly NamedExpression[];
    readonly variables: readonly NamedExpression[];
    readonly validations: readonly Validation[];
  };
}

export interface AdmissionBinding {
  readonly apiVersion: 'admissionregistration.k8s.io/v1';
  readonly kind: 'ValidatingAdmissionPolicyBinding';
  readonly metadata: { readonly name: string };
  readonly spec: { readonly policyName: string; readonly validationActions: readonly ['Deny'] };
}

export interface PolicySet {
  readonly policies: readonly AdmissionPolicy[];
  readonly bindings: readonly AdmissionBinding[];
}
