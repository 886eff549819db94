import type { NamedExpression, Parties } from './shape.ts';

/** CEL: the request comes from the operator's account. */
export const isOperator = (parties: Parties): string => isAccount(parties.systemNamespace, parties.operatorAccount);

/** CEL: the request comes from the agents' account, on whatever node. */
export const isAgent = (parties: Parties): string => isAccount(parties.agentNamespace, parties.agentAccount);

/** CEL: the request is in the namespace where the processes exchange their objects. */
export const inSystemNamespace = (parties: Parties): string =>
  `request.namespace == ${literal(parties.systemNamespace)}`;

/**
 * CEL: the caller holds the made-up verb `restore` on address blocks, which a role has to name (or `*`, as
 * cluster-admin does). For backup tools, and for repairs by hand.
 */
export const mayRestore = (parties: Parties): string =>
  `authorizer.group('peerwright.dev').resource('wireguardaddressblocks').namespace(${literal(parties.systemNamespace)}).check('restore').allowed()`;

/**
 * CEL: something is deleted because its whole namespace goes. Kubernetes' own namespace controller does that; were it
 * refused, the namespace would stay Terminating for ever.
 */
export const EMPTIES_NAMESPACE = "request.operation == 'DELETE' && has(namespaceObject.metadata.deletionTimestamp)";

/** The node that a token was made for: claims of the API server's own, which the bearer cannot choose. */
export const TOKEN_NODE: readonly NamedExpression[] = [
  { name: 'node', expression: tokenClaim('node-name') },
  // Present only when the Node existed as the token was made.
  { name: 'nodeUID', expression: tokenClaim('node-uid') },
];

/** CEL text literal. JSON's escapes are a subset of CEL's. */
export function literal(text: string): string {
  return JSON.stringify(text);
}

function isAccount(namespace: string, account: string): string {
  return `request.userInfo.username == ${literal(`system:serviceaccount:${namespace}:${account}`)}`;
}

function tokenClaim(claim: string): string {
  return `request.userInfo.?extra['authentication.kubernetes.io/${claim}'][0].orValue('')`;
}
