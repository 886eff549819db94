import type { Retry } from './error.ts';

/** What everybody may know of a code. */
export interface ErrorDoc {
  /** What happened, one sentence. */
  readonly meaning: string;
  /** Whether and when trying again makes sense; an error may name another time, never another answer. */
  readonly retry: Retry;
  /** What a person can do about it, one sentence; an error may have a more precise one. Absent: nothing is to be done. */
  readonly hint?: string;
}

/** Of the processes on nodes and in the cluster, and of what they share. */
export const PROCESS_ERRORS = {
  AddressContention: {
    meaning: 'Other operators took every address that was tried.',
    retry: 'backoff',
    hint: 'Other operators write the same blocks; this resolves itself.',
  },
  BlockCorrupt: {
    meaning: 'An address block cannot be read, so nothing is given from it or released in it.',
    retry: 'backoff',
    hint: 'Correct or restore the WireGuardAddressBlock that the message names.',
  },
  CacheBehind: {
    meaning: 'The watch has not shown yet what the API server has.',
    retry: 'backoff',
    hint: 'The API server is slow or the watch is interrupted; this resolves itself.',
  },
  CommandFailed: { meaning: 'A command of the command line could not do what it was asked for.', retry: 'never' },
  DeviceFailed: {
    meaning: 'A device could not be brought to the desired state.',
    retry: 'backoff',
    hint: 'See the message, which is the answer of the failing program.',
  },
  FirewallInvalid: {
    meaning: 'A firewall rule would have held what is neither a name nor a network, and was not loaded.',
    retry: 'never',
    hint: 'No object can cause this: it is a defect of the agent.',
  },
  IdentityUnreadable: {
    meaning: 'The file with the sealing identity of the node holds something else.',
    retry: 'never',
    hint: 'Restore the identity file of this node; with a new one the Node has to be trusted anew.',
  },
  InvalidConfig: {
    meaning: 'A process cannot start with its options.',
    retry: 'never',
    hint: 'Correct the options that the message names; `--help` lists all.',
  },
  KeyInvalid: {
    meaning: 'What should be a private key is none, or protects nothing.',
    retry: 'never',
    hint: 'Make a new key pair.',
  },
  KeyUnreadable: {
    meaning: 'The sealed key of a gateway could not be opened when it was needed.',
    retry: 'backoff',
    hint: 'See the conditions of the gateway; deleting the WireGuardNodeConfig of the node makes the operator seal it anew.',
  },
  ListenFailed: {
    meaning: 'The address for health and metrics cannot be listened on.',
    retry: 'never',
    hint: 'Give another address or port for health and metrics.',
  },
  MetricInvalid: { meaning: 'A metric has a name that is not ours.', retry: 'never', hint: 'Report it as a bug.' },
  NodeConfigCorrupt: {
    meaning: 'The operator cannot read the WireGuardNodeConfig of a node.',
    retry: 'backoff',
    hint: 'Delete it; the operator writes it anew and seals the keys again.',
  },
  NodeConfigInvalid: {
    meaning: 'The agent cannot read the WireGuardNodeConfig of its node and keeps what is on its devices.',
    retry: 'backoff',
    hint: 'Delete it; the operator writes it anew and seals the keys again.',
  },
  NotLeading: {
    meaning: 'A write was held back, because this operator does not lead or is no longer sure of it.',
    retry: 'backoff',
    hint: 'Another operator leads; this resolves itself.',
  },
  ProgramFailed: {
    meaning: 'A program such as `ip`, `wg` or `nft` ended with an error or is not there.',
    retry: 'backoff',
    hint: 'See the message, which is the answer of the program.',
  },
  SealRefused: {
    meaning: 'A key was not sealed, because it and its recipient do not belong together.',
    retry: 'never',
    hint: 'Report it as a bug.',
  },
  SecretFolder: {
    meaning: 'The folder for files that pass keys to programs is not in memory.',
    retry: 'backoff',
    hint: 'Mount a tmpfs there.',
  },
  StateFileUnsafe: {
    meaning: 'A file or folder of state could be read or changed by others.',
    retry: 'never',
    hint: 'Give it to the user of the process and take the rights of others away.',
  },
  Stopped: { meaning: 'The process was asked to stop.', retry: 'never' },
  TokenNotBoundToNode: {
    meaning: 'The token of an agent names no Node with a uid.',
    retry: 'never',
    hint: 'Use the service account token of a pod that runs on an existing Node, not a kubeconfig of a person.',
  },
  UapiRefused: {
    meaning: 'WireGuard refused a change of a device.',
    retry: 'backoff',
    hint: 'See the message, which is the answer of WireGuard.',
  },
  UapiUnreachable: {
    meaning: 'The userspace WireGuard does not answer on its socket.',
    retry: 'backoff',
    hint: 'See whether `peerwright userspace` runs and shares its folders with the agent.',
  },
  UnsupportedOption: {
    meaning: 'An option is of a type that text cannot give.',
    retry: 'never',
    hint: 'Report it as a bug.',
  },
  UserspaceFolder: {
    meaning: 'The folder shared with `peerwright userspace` could be changed by others.',
    retry: 'backoff',
    hint: 'Remove it, or chown and chmod it to 0700.',
  },
} as const satisfies Record<string, ErrorDoc>;
