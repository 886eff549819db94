import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GatewayStatus } from '../api/v1alpha1/gateway.ts';
import type { ClientConfig, ClientConfigSources, ClientKeys } from './client-config.ts';
import { clientConfigOf, renderClientConfig } from './client-config.ts';

const KEY = 'aPxGwq8zERHQ3Q1cOZFdJ+cvJX5Ka4mLN38AyYKYF10=';
const GATEWAY_KEY = 'CjUG5V9lFoJpXaaMjvcJZG5Wc9YGyBVxlEJ9GzTPCEc=';

const STATUS: GatewayStatus = {
  publicKey: GATEWAY_KEY,
  endpoint: 'vpn.example.com:51840',
  pools: [pool('fd00:90::/64'), pool('10.90.0.0/16')],
  routes: ['10.0.0.0/16', '10.90.0.0/16'],
};
const PEER: ClientConfigSources['peer'] = {
  namespace: 'net',
  name: 'laptop',
  clientRoutes: undefined,
  addresses: ['10.90.1.7', 'fd00:90::107'],
  publicKey: KEY,
};

function pool(cidr: string) {
  return { cidr, capacity: 0, allocated: 0, quarantined: 0 };
}

interface Changes {
  readonly peer?: Partial<ClientConfigSources['peer']>;
  readonly client?: ClientConfigSources['gateway']['client'];
  readonly status?: GatewayStatus;
}

function configOf({ peer = {}, client, status = {} }: Changes = {}): ClientConfig {
  const gateway = { name: 'edge', client, status: { ...STATUS, ...status } };
  const config = clientConfigOf({ peer: { ...PEER, ...peer }, gateway });
  if (config === undefined) throw new Error('no config');
  return config;
}

describe('what a client is told', () => {
  it('is addresses of its own, and pools and routes of the gateway, each once', () => {
    expect(configOf()).toEqual({
      namespace: 'net',
      peer: 'laptop',
      gateway: 'edge',
      publicKey: KEY,
      addresses: ['10.90.1.7/32', 'fd00:90::107/128'],
      dns: [],
      gatewayPublicKey: GATEWAY_KEY,
      allowedIPs: ['10.0.0.0/16', '10.90.0.0/16', 'fd00:90::/64'],
      endpoint: 'vpn.example.com:51840',
      persistentKeepaliveSeconds: 25,
    });
  });

  it('is nothing while the gateway has no key', () => {
    expect(
      clientConfigOf({ peer: PEER, gateway: { name: 'edge', client: undefined, status: { pools: [] } } }),
    ).toBeUndefined();
  });

  it('is its own choice of routes when it has one', () => {
    expect(configOf({ peer: { clientRoutes: ['::/0', '0.0.0.0/0', '::/0'] } }).allowedIPs).toEqual([
      '0.0.0.0/0',
      '::/0',
    ]);
    expect(configOf({ peer: { clientRoutes: [] } }).allowedIPs).toContain('10.0.0.0/16');
  });

  it('has the defaults for clients and the MTU that the gateway gives', () => {
    const config = configOf({ client: { dns: ['10.0.0.10'], persistentKeepaliveSeconds: 0 }, status: { mtu: 1380 } });
    expect(config).toMatchObject({ dns: ['10.0.0.10'], persistentKeepaliveSeconds: 0, mtu: 1380 });
  });
});

describe("a client's file", () => {
  it('is what wg-quick takes', () => {
    const config = configOf({ client: { dns: ['10.0.0.10', 'fd00::a'] }, status: { mtu: 1380 } });
    expect(renderClientConfig(config, { privateKey: 'private+/=', presharedKey: 'preshared=' })).toBe(
      `# WireGuard: peer laptop of gateway edge in namespace net
[Interface]
PrivateKey = private+/=
Address = 10.90.1.7/32, fd00:90::107/128
DNS = 10.0.0.10, fd00::a
MTU = 1380

[Peer]
PublicKey = ${GATEWAY_KEY}
PresharedKey = preshared=
AllowedIPs = 10.0.0.0/16, 10.90.0.0/16, fd00:90::/64
Endpoint = vpn.example.com:51840
PersistentKeepalive = 25
`,
    );
  });

  it('says what to add where the private key is not known, and leaves out what there is not', () => {
    const { endpoint, ...config } = configOf({ client: { persistentKeepaliveSeconds: 0 } });
    expect(endpoint).toBeDefined();
    expect(renderClientConfig(config, {})).toBe(
      `# WireGuard: peer laptop of gateway edge in namespace net
[Interface]
# Add here: PrivateKey = the private key of ${KEY}
Address = 10.90.1.7/32, fd00:90::107/128

[Peer]
PublicKey = ${GATEWAY_KEY}
AllowedIPs = 10.0.0.0/16, 10.90.0.0/16, fd00:90::/64
# Endpoint: the gateway has no address to dial yet
`,
    );
  });

  it('brackets an IPv6 endpoint as it was given', () => {
    const config = configOf({ status: { endpoint: '[2001:db8::7]:51840' } });
    expect(renderClientConfig(config, {})).toContain('\nEndpoint = [2001:db8::7]:51840\n');
  });

  it('is not written without an address or a network', () => {
    expect(() => renderClientConfig({ ...configOf(), addresses: [] }, {})).toThrow('Address');
    expect(() => renderClientConfig({ ...configOf(), allowedIPs: [] }, {})).toThrow('AllowedIPs');
  });

  it.each([
    '\n',
    '\r',
    '\0',
    '\u2028',
    '\u0085',
    '#',
    ';',
    '%',
    '"',
    "'",
    '`',
    '$',
    '\\',
    ' ',
    ',',
    '\u0430',
    '\ufeff',
  ])('is not written with %j in any value, and the refusal does not repeat the value', (character) => {
    const value = `abc${character}PostUp=xyz`;
    for (const [config, keys] of everywhere(value)) {
      expect(() => renderClientConfig(config, keys)).toThrow(RangeError);
      expect(() => renderClientConfig(config, keys)).toThrow(/^(?!.*xyz)/s);
    }
  });

  it('has exactly the expected lines whatever strings go into it, or is not written', () => {
    // fast-check's own strings are never allowed, so most values are harmless and one in twenty is not
    const harmless = fc.string({ unit: fc.constantFrom(...'aZ09+/=.:[]-'.split('')), minLength: 1, maxLength: 8 });
    const ends = fc.constantFrom('\n', '\r', ' ', ',', '\0', '\n[Peer]\n', '\nPostUp = x', '#');
    const spoiled = fc.tuple(harmless, ends, fc.string({ unit: 'binary' })).map((parts) => parts.join(''));
    const text = fc.oneof({ weight: 19, arbitrary: harmless }, { weight: 1, arbitrary: spoiled });
    const some = fc.array(text, { minLength: 1, maxLength: 3 });
    const config = fc.record(
      {
        namespace: harmless,
        peer: text,
        gateway: harmless,
        publicKey: text,
        addresses: some,
        dns: fc.array(text, { maxLength: 2 }),
        mtu: fc.nat(),
        gatewayPublicKey: harmless,
        allowedIPs: some,
        endpoint: text,
        persistentKeepaliveSeconds: fc.nat(),
      },
      { requiredKeys: [...REQUIRED] },
    );
    const keys = fc.record({ privateKey: text, presharedKey: harmless }, { requiredKeys: [] });
    let written = 0;
    fc.assert(
      fc.property(config, keys, (given, secret) => {
        const file = attempt(given, secret);
        if (file === undefined) return;
        written += 1;
        expect(file.split(/[\n\r\v\f\u0085\u2028\u2029]/).map(shapeOf)).toEqual(expectedShape(given, secret));
      }),
      { numRuns: 2_000 },
    );
    expect(written).toBeGreaterThan(200);
    expect(written).toBeLessThan(1_800);
  });
});

const REQUIRED = [
  'namespace',
  'peer',
  'gateway',
  'publicKey',
  'addresses',
  'dns',
  'gatewayPublicKey',
  'allowedIPs',
  'persistentKeepaliveSeconds',
] as const;

/** One config for each place that a text can get into. */
function everywhere(value: string): (readonly [ClientConfig, ClientKeys])[] {
  const config = configOf({ client: { dns: ['10.0.0.10'] } });
  const texts = ['namespace', 'peer', 'gateway', 'publicKey', 'gatewayPublicKey', 'endpoint'] as const;
  const lists = ['addresses', 'dns', 'allowedIPs'] as const;
  return [
    ...texts.map((field) => [{ ...config, [field]: value }, {}] as const),
    ...lists.map((field) => [{ ...config, [field]: ['10.0.0.1/32', value] }, {}] as const),
    [config, { privateKey: value }],
    [config, { presharedKey: value }],
  ];
}

function attempt(config: ClientConfig, keys: ClientKeys): string | undefined {
  try {
    return renderClientConfig(config, keys);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** `#` for a comment, the name and the number of values for a setting, else the line. */
function shapeOf(line: string): string {
  if (line.startsWith('#')) return '#';
  const [name, value] = line.split(' = ');
  return value === undefined ? line : `${name} ${value.split(',').length}`;
}

function expectedShape(config: ClientConfig, keys: ClientKeys): string[] {
  return [
    '#',
    '[Interface]',
    keys.privateKey === undefined ? '#' : 'PrivateKey 1',
    `Address ${config.addresses.length}`,
    ...(config.dns.length > 0 ? [`DNS ${config.dns.length}`] : []),
    ...(config.mtu === undefined ? [] : ['MTU 1']),
    '',
    '[Peer]',
    'PublicKey 1',
    ...(keys.presharedKey === undefined ? [] : ['PresharedKey 1']),
    `AllowedIPs ${config.allowedIPs.length}`,
    config.endpoint === undefined ? '#' : 'Endpoint 1',
    ...(config.persistentKeepaliveSeconds > 0 ? ['PersistentKeepalive 1'] : []),
    '',
  ];
}
