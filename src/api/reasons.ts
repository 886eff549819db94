/**
 * Every reason that Peerwright writes into a condition, event or report. Reasons are API: stable, UpperCamelCase,
 * documented (docs/reference/reasons.md is generated from this table).
 */
export interface ReasonDoc {
  /** What it means, one sentence. */
  readonly meaning: string;
  /** What a person does about it. */
  readonly remedy: string;
}

export const REASONS = {
  AddressInUse: {
    meaning: 'A requested address belongs to another peer.',
    remedy: 'Request another address, or leave spec.addresses empty to get a free one.',
  },
  AddressOutOfPool: {
    meaning: 'A requested address lies outside the pools of the gateway, or is one that is never handed out.',
    remedy: 'Request an address inside one of the pools that is not the network, broadcast or gateway address.',
  },
  PoolExhausted: {
    meaning: 'No address of this family is left in the pools of the gateway.',
    remedy: 'Add a pool to the gateway, or delete peers that are no longer needed.',
  },
  PublicKeyInUse: {
    meaning: 'Another peer of the same gateway, or the gateway itself, already has this public key.',
    remedy: 'Give every peer a key pair of its own.',
  },
  GatewayNotFound: {
    meaning: 'The gateway named by spec.gatewayRef does not exist in the namespace of the peer.',
    remedy: 'Create the gateway, or re-create the peer with the name of an existing one.',
  },
  GatewayNotReady: {
    meaning: 'The gateway of the peer was not accepted yet or has no key yet.',
    remedy: "Look at the gateway's conditions; the peer follows by itself.",
  },
  PoolOverlap: {
    meaning: 'A pool overlaps a pool of another gateway in the cluster.',
    remedy: 'Choose a network that no other gateway uses.',
  },
  ClusterOverlap: {
    meaning:
      "A pool, or a route of a peer, overlaps the cluster's own networks: services, pods, nodes, API server, or special ranges.",
    remedy: 'Choose a network outside those the message names.',
  },
  RouteNotAllowed: {
    meaning: 'A route of the peer lies outside allowedPeerRoutes of its gateway.',
    remedy: 'Leave the route out, or have the gateway allow it.',
  },
  RouteOverlap: {
    meaning: 'A route overlaps a route of another peer or a pool of a gateway.',
    remedy: 'Choose disjoint networks; the route stays with who has it until that one gives it up.',
  },
  RouteConflict: {
    meaning: 'The node has a route, address or service of its own that a route of ours would cover.',
    remedy: 'Choose another network, or remove what the message names from the node; Peerwright never replaces it.',
  },
  EndpointNotAllowed: {
    meaning: 'The endpoint of a peer is, or resolves to, an address that cannot be a remote machine.',
    remedy: 'Give the address at which the remote machine is reached from the node.',
  },
  ListenPortConflict: {
    meaning: 'Somebody else on the node holds the UDP port of the gateway.',
    remedy: 'Free the port that the message names, choose another, or leave spec.listenPort out.',
  },
  ForwardingDisabled: {
    meaning: 'The gateway has networks to forward to or from, and the node does not forward.',
    remedy: 'Run the sysctl command of the message on the node, and make it permanent under /etc/sysctl.d.',
  },
  NoEligibleNode: {
    meaning: 'No node matches the node selector, is schedulable, has a live agent and a trusted identity.',
    remedy: 'Check spec.placement.nodeSelector and that the agent runs on the nodes meant.',
  },
  SecretConflict: {
    meaning: 'A Secret of the name needed exists, but it is not one of ours or does not hold what it should.',
    remedy: 'Rename or delete that Secret; Peerwright never overwrites it.',
  },
  KeyDeliveryUnsafe: {
    meaning: 'The admission policies that say who writes what are missing or weaker than shipped; no key is sealed.',
    remedy: 'Apply the ValidatingAdmissionPolicies and bindings of this release unchanged.',
  },
  NodeIdentityChanged: {
    meaning: "A node's agent shows another sealing identity than the one pinned for this Node.",
    remedy: 'Find out why; delete and re-join the Node, or delete its WireGuardNodeConfig to trust it again.',
  },
  InterfaceConflict: {
    meaning: 'An interface of the name needed exists on the node and is not ours.',
    remedy: 'Rename or remove that interface; Peerwright never touches it.',
  },
  WireGuardUnavailable: {
    meaning: 'The node has neither kernel WireGuard nor a working wireguard-go, or the agent lacks the privilege.',
    remedy: 'Load the wireguard module, or give the agent NET_ADMIN and /dev/net/tun and run its userspace helper.',
  },
  FirewallUnavailable: {
    meaning: 'The nftables table that denies forwarding could not be loaded; the link stays down.',
    remedy: 'Make nft work on the node (nf_tables in the kernel, NET_ADMIN for the agent).',
  },
  KeyUnreadable: {
    meaning: 'The agent could not open the sealed key, or what it held was not meant for this node and gateway.',
    remedy: 'See the message; deleting the WireGuardNodeConfig of the node makes the operator seal it anew.',
  },
  DeviceFailed: {
    meaning: 'The device could not be brought to the desired state; the agent keeps trying.',
    remedy: 'See the message, which is the answer of the failing program.',
  },
  PeerRefused: {
    meaning: 'The agent refused a decision that goes beyond the pools of the gateway or the spec of the peer.',
    remedy: 'Find out who wrote the status; the operator writes the right one again.',
  },
  InvalidObject: {
    meaning: 'The stored object does not fit the schema of this release and is left alone.',
    remedy: 'Correct the field that the message names.',
  },
  BlockCorrupt: {
    meaning: 'An address block cannot be read, so nothing is given from it or released in it.',
    remedy: 'Correct or restore the WireGuardAddressBlock that the message names.',
  },
  Accepted: { meaning: 'The spec is valid and decided.', remedy: 'Nothing to do.' },
  Available: { meaning: 'The gateway has its key.', remedy: 'Nothing to do.' },
  Allocated: { meaning: 'Every family of the pools has an address for this peer.', remedy: 'Nothing to do.' },
  Programmed: { meaning: 'The agent read exactly this decision back from the device.', remedy: 'Nothing to do.' },
  Disabled: { meaning: 'The peer is disabled and off the device.', remedy: 'Set spec.state to Enabled to let it in.' },
  Pending: {
    meaning: 'The operator has not looked at this object yet.',
    remedy: 'Wait; check that the operator runs.',
  },
  Progressing: { meaning: 'Decided, not on the device yet.', remedy: "Wait; check the node's agent if it stays." },
  AgentUnavailable: {
    meaning: "The node's agent has not renewed its Lease, so nothing is known.",
    remedy: 'Check the agent pod on that node.',
  },
  Connected: { meaning: 'A handshake happened within the last 180 seconds.', remedy: 'Nothing to do.' },
  Idle: { meaning: 'The last handshake is older, and nothing was sent since.', remedy: 'Nothing to do.' },
  Disconnected: {
    meaning: 'Traffic is waiting and no handshake came for 300 seconds.',
    remedy: "Check the peer's side.",
  },
  Never: {
    meaning: 'The peer has never completed a handshake.',
    remedy: "Check the peer's configuration and network.",
  },
} as const satisfies Record<string, ReasonDoc>;

/** A stable reason; see the table. */
export type Reason = keyof typeof REASONS;
