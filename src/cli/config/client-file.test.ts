import { describe, expect, test } from 'vitest';
import type { ClientConfig } from '../../mesh/client-config.ts';
import { renderClientConfig } from '../../mesh/client-config.ts';
import { hasPrivateKey, isClientFile, withoutDns, withPlaceholder } from './client-file.ts';

const KEY = 'aPxGwq8zERHQ3Q1cOZFdJ+cvJX5Ka4mLN38AyYKYF10=';
const CONFIG: ClientConfig = {
  namespace: 'net',
  peer: 'laptop',
  gateway: 'edge',
  publicKey: KEY,
  addresses: ['10.90.1.7/32', 'fd00:90::107/128'],
  dns: ['10.0.0.10', 'fd00::a'],
  mtu: 1380,
  gatewayPublicKey: KEY,
  allowedIPs: ['0.0.0.0/0', '::/0'],
  endpoint: '[2001:db8::7]:51840',
  persistentKeepaliveSeconds: 25,
};
const FILE = renderClientConfig(CONFIG, { privateKey: KEY, presharedKey: KEY });
const { endpoint: _, ...HOMELESS } = CONFIG;

describe('a file of ours', () => {
  test('is known as one, whatever of it is left out', () => {
    expect(isClientFile(FILE)).toBe(true);
    expect(isClientFile(renderClientConfig({ ...HOMELESS, dns: [], persistentKeepaliveSeconds: 0 }, {}))).toBe(true);
    expect(isClientFile(withPlaceholder(renderClientConfig(CONFIG, {})))).toBe(true);
  });

  test.each([
    ['a command', 'PostUp = reboot'],
    ['a command in other letters', 'postup=reboot'],
    ['a table', 'Table = off'],
    ['blanks before a setting', '  PreUp = reboot'],
    ['a terminal code in a comment', '# \u001B[2J'],
    ['a terminal code in a value', 'DNS = 10.0.0.1\u009B2J'],
    ['another section', '[Evil]'],
    ['a carriage return', 'MTU = 1380\rPostUp = reboot'],
    ['a value that a shell would read', 'DNS = $(reboot)'],
  ])('is not one with %s', (_name, line) => {
    expect(isClientFile(FILE.replace('MTU = 1380', line))).toBe(false);
  });

  test.each(['', '# nothing\n', '[Peer]\n'])('is not %j', (text) => {
    expect(isClientFile(text)).toBe(false);
  });
});

test('without DNS it is the same but for that line', () => {
  expect(withoutDns(FILE)).toBe(renderClientConfig({ ...CONFIG, dns: [] }, { privateKey: KEY, presharedKey: KEY }));
});

test('the placeholder stands where the private key belongs, and only where there is none', () => {
  expect(hasPrivateKey(FILE)).toBe(true);
  expect(withPlaceholder(FILE)).toBe(FILE);
  const open = renderClientConfig(CONFIG, {});
  expect(hasPrivateKey(open)).toBe(false);
  const lines = withPlaceholder(open).split('\n');
  expect(lines.slice(1, 5)).toEqual([
    '[Interface]',
    `# Add here: PrivateKey = the private key of ${KEY}`,
    'PrivateKey = PASTE-THE-PRIVATE-KEY-HERE',
    'Address = 10.90.1.7/32, fd00:90::107/128',
  ]);
  expect(withPlaceholder('[Interface]\nMTU = 1380\n')).toBe(
    '[Interface]\nPrivateKey = PASTE-THE-PRIVATE-KEY-HERE\nMTU = 1380\n',
  );
});
