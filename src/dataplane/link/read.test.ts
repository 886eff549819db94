import { expect, test } from 'vitest';
import type { DeviceName } from '../../mesh/model.ts';
import { ProgramFailed } from '../exec.ts';
import type { Run } from '../exec.ts';
import { foreignRoutes, readLink } from './read.ts';

const signal = new AbortController().signal;
const NAME = 'pw-00000001' as DeviceName;

const LINK = [
  {
    ifname: NAME,
    flags: ['POINTOPOINT', 'UP'],
    mtu: 1420,
    group: '157',
    ifalias: 'peerwright:net/edge',
    linkinfo: { info_kind: 'wireguard' },
    addr_info: [
      { local: 'fe80::1', prefixlen: 64, scope: '253' },
      { local: 'fd00::1', prefixlen: 128, scope: '0' },
      { local: '10.0.0.1', prefixlen: 32, scope: '0' },
    ],
  },
];

test('a link is read with addresses and routes, but without the link-local addresses that Linux adds', async () => {
  const routes = [{ dst: '10.0.0.0/16' }, { dst: '10.9.9.9' }, { dst: 'fd00::9' }];
  const link = await readLink(NAME, { run: says(`${JSON.stringify(LINK)}\n${JSON.stringify(routes)}\n`), signal });
  expect(link).toEqual({
    name: NAME,
    alias: 'peerwright:net/edge',
    kind: 'wireguard',
    inOurGroup: true,
    up: true,
    mtu: 1420,
    addresses: ['10.0.0.1/32', 'fd00::1/128'],
    routes: ['10.0.0.0/16', '10.9.9.9/32', 'fd00::9/128'],
  });
});

test('a link that does not exist is undefined, and any other failure is an error', async () => {
  expect(await readLink(NAME, { run: fails('Device "pw-00000001" does not exist.'), signal })).toBeUndefined();
  await expect(readLink(NAME, { run: fails('RTNETLINK answers: Operation not permitted'), signal })).rejects.toThrow(
    'Operation not permitted',
  );
});

test('routes of others are those of the main table without our protocol number', async () => {
  const routes = [
    { dst: 'default', gateway: '192.0.2.1', table: '254', protocol: '3' },
    { dst: '10.1.0.0/16', dev: 'eth0', protocol: '2' },
    { dst: '10.2.0.0/16', dev: 'pw-00000001', table: '254', protocol: '157' },
    { dst: '10.3.0.0/16', dev: 'lo', table: '255', protocol: '2' },
  ];
  expect(await foreignRoutes({ run: says(JSON.stringify(routes)), signal })).toEqual(
    new Map([
      ['default', '192.0.2.1'],
      ['10.1.0.0/16', 'eth0'],
    ]),
  );
});

function says(stdout: string): Run {
  return async () => ({ stdout });
}

function fails(stderr: string): Run {
  return async () => {
    throw new ProgramFailed('ip', { exitCode: 1, stderr });
  };
}
