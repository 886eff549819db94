import { CliError, EXIT_CODE } from './failure.ts';
import { nearest } from './nearest.ts';

export type NamedKind = 'gateway' | 'peer';

/** A gateway, a peer, or whatever of the two has this name. */
export interface Name {
  readonly kind?: NamedKind;
  readonly name: string;
}

/** What kubectl calls them, and what `status` prints. */
const KINDS: Readonly<Record<NamedKind, readonly string[]>> = {
  gateway: ['gateway', 'gateways', 'wgg', 'wireguardgateway', 'wireguardgateways'],
  peer: ['peer', 'peers', 'wgp', 'wireguardpeer', 'wireguardpeers'],
};

/** `laptop`, `peer/laptop`, `wgp/laptop`, or as `kubectl -o name` prints it. Errors: wrong usage. */
export function nameOf(written: string): Name {
  const [kindPart, name, ...rest] = written.split('/');
  if (kindPart === undefined || name === undefined) return { name: written };
  const kind = kindOf(kindPart);
  if (kind !== undefined && name !== '' && rest.length === 0) return { kind, name };
  const known = Object.values(KINDS).flat();
  const near = nearest(kindPart, known, 1).map((one) => `did you mean ${one}/${name}?`);
  throw new CliError(`${written} is not NAME, gateway/NAME or peer/NAME`, {
    hint: near[0] ?? 'choose the namespace with -n',
    exitCode: EXIT_CODE.usage,
  });
}

/** The name of a peer, which may be written with its kind. */
export function peerNameOf(written: string): string {
  const { kind = 'peer', name } = nameOf(written);
  if (kind === 'peer') return name;
  throw new CliError(`${written} is a gateway`, { hint: 'give the name of a peer', exitCode: EXIT_CODE.usage });
}

function kindOf(written: string): NamedKind | undefined {
  const short = written.toLowerCase().replace(/\.peerwright\.dev$/, '');
  return (['gateway', 'peer'] as const).find((kind) => KINDS[kind].includes(short));
}
