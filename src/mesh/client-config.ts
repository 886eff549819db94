import type { GatewaySpec, GatewayStatus } from '../api/v1alpha1/gateway.ts';
import type { PeerSpec } from '../api/v1alpha1/peer.ts';
import { parseAddress } from './ip/address.ts';
import { hostPrefix, parsePrefix, sortPrefixes } from './ip/prefix.ts';

/** What the file of one client says, in the form of wg-quick(8), but for the keys that are secret. */
export interface ClientConfig {
  readonly namespace: string;
  readonly peer: string;
  readonly gateway: string;
  /** Of the peer itself: which private key belongs into the file. */
  readonly publicKey: string;
  /** /32 and /128. */
  readonly addresses: readonly string[];
  readonly dns: readonly string[];
  readonly mtu?: number;
  readonly gatewayPublicKey: string;
  readonly allowedIPs: readonly string[];
  /** `host:port` to dial; absent while the gateway has no address. */
  readonly endpoint?: string;
  /** 0: none. */
  readonly persistentKeepaliveSeconds: number;
}

/** What goes behind `PrivateKey =` and `PresharedKey =`. */
export interface ClientKeys {
  /** Base64, or a placeholder without spaces, such as `PASTE-THE-PRIVATE-KEY-HERE`; absent: a comment says what to add. */
  readonly privateKey?: string;
  /** Base64; absent: the tunnel has none. */
  readonly presharedKey?: string;
}

export interface ClientConfigSources {
  /** `addresses` and `publicKey` as decided: from `status`. */
  readonly peer: {
    readonly namespace: string;
    readonly name: string;
    readonly clientRoutes: PeerSpec['clientRoutes'];
    readonly addresses: readonly string[];
    readonly publicKey: string;
  };
  /** `client` from `spec`, where nothing is decided about it. */
  readonly gateway: {
    readonly name: string;
    readonly client: GatewaySpec['client'];
    readonly status: GatewayStatus;
  };
}

/** As the schema of the gateway has it, which gives it only to a `client` that is there. */
const KEEPALIVE_SECONDS = 25;

/** What a client's file has to say, from what is decided; undefined while the gateway has no key. */
export function clientConfigOf({ peer, gateway }: ClientConfigSources): ClientConfig | undefined {
  const { publicKey: gatewayPublicKey, mtu, endpoint } = gateway.status;
  if (gatewayPublicKey === undefined) return undefined;
  return {
    namespace: peer.namespace,
    peer: peer.name,
    gateway: gateway.name,
    publicKey: peer.publicKey,
    addresses: peer.addresses.flatMap((text) => parseAddress(text) ?? []).map(hostPrefix),
    dns: gateway.client?.dns ?? [],
    ...(mtu !== undefined && { mtu }),
    gatewayPublicKey,
    allowedIPs: allowedIPs(peer.clientRoutes, gateway.status),
    ...(endpoint !== undefined && { endpoint }),
    persistentKeepaliveSeconds: gateway.client?.persistentKeepaliveSeconds ?? KEEPALIVE_SECONDS,
  };
}

/** What the client sends through the tunnel: what it is told to, else everything that the gateway has. */
function allowedIPs(clientRoutes: PeerSpec['clientRoutes'], { pools, routes }: GatewayStatus): string[] {
  const ofGateway = [...(pools ?? []).map((pool) => pool.cidr), ...(routes ?? [])];
  const wanted = clientRoutes?.length ? clientRoutes : ofGateway;
  return sortPrefixes(new Set(wanted.flatMap((text) => parsePrefix(text) ?? [])));
}

/**
 * The file, THE KEYS IN CLEAR when they are given. One line a setting, whatever the values are: throws a RangeError, which
 * names the setting and never its value, for anything that could begin another line, section or item of a list.
 */
export function renderClientConfig(config: ClientConfig, keys: ClientKeys): string {
  const { peer, gateway, namespace, persistentKeepaliveSeconds } = config;
  return [
    `# WireGuard: peer ${item('peer', peer)} of gateway ${item('gateway', gateway)} in namespace ${item('namespace', namespace)}`,
    '[Interface]',
    ...privateKeyLines(config, keys),
    setting('Address', config.addresses),
    ...(config.dns.length > 0 ? [setting('DNS', config.dns)] : []),
    ...(config.mtu === undefined ? [] : [setting('MTU', [String(config.mtu)])]),
    '',
    '[Peer]',
    setting('PublicKey', [config.gatewayPublicKey]),
    ...(keys.presharedKey === undefined ? [] : [setting('PresharedKey', [keys.presharedKey])]),
    setting('AllowedIPs', config.allowedIPs),
    config.endpoint === undefined
      ? '# Endpoint: the gateway has no address to dial yet'
      : setting('Endpoint', [config.endpoint]),
    ...(persistentKeepaliveSeconds > 0 ? [setting('PersistentKeepalive', [String(persistentKeepaliveSeconds)])] : []),
    '',
  ].join('\n');
}

function privateKeyLines({ publicKey }: ClientConfig, { privateKey }: ClientKeys): string[] {
  if (privateKey !== undefined) return [setting('PrivateKey', [privateKey])];
  return [`# Add here: PrivateKey = the private key of ${item('publicKey', publicKey)}`];
}

function setting(name: string, values: readonly string[]): string {
  if (values.length === 0) throw new RangeError(`${name} of a client's file has no value`);
  return `${name} = ${values.map((value) => item(name, value)).join(', ')}`;
}

/** Nothing here needs a comma or space within a value, which would make two of it, nor anything that wg-quick interprets. */
const ITEM = /^[A-Za-z0-9+/=.:[\]-]+$/;

function item(name: string, value: string): string {
  if (!ITEM.test(value)) throw new RangeError(`${name} of a client's file has a character that does not belong there`);
  return value;
}
