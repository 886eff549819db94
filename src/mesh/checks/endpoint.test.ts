import { describe, expect, it, test } from 'vitest';
import type { Prefix } from '../model.ts';
import { allowedAddresses, checkEndpoint } from './endpoint.ts';

const bounds = {
  pools: ['10.90.0.0/16', 'fd00:90::/64'] as Prefix[],
  routes: ['192.168.7.0/24', 'fd00:7::/48'] as Prefix[],
};

describe('the endpoint of a peer', () => {
  test.each(['203.0.113.7', '2001:db8::7', '192.168.8.1', 'branch7.example.net', 'localhost'])('may be %s', (host) => {
    expect(checkEndpoint(host, bounds)).toBeUndefined();
  });

  test.each([
    ['127.0.0.1', 'loopback'],
    ['::1', 'loopback'],
    ['0.0.0.0', '"this" network'],
    ['::', 'unspecified'],
    ['169.254.169.254', 'link-local'],
    ['fe80::1', 'link-local'],
    ['224.0.0.1', 'multicast'],
    ['ff02::1', 'multicast'],
    ['255.255.255.255', 'broadcast'],
    ['10.90.3.4', 'a pool of the gateway'],
    ['fd00:90::5', 'a pool of the gateway'],
    ['192.168.7.9', 'a route of the peer'],
    ['fd00:7::9', 'a route of the peer'],
  ])('may not be %s: %s', (host, why) => {
    expect(checkEndpoint(host, bounds)).toMatchObject({
      code: 'EndpointNotAllowed',
      path: 'spec.endpoint.host',
      message: expect.stringMatching(new RegExp(`${host}.*${why}`)),
    });
  });
});

describe('the addresses of a name', () => {
  it('are those that can be dialled, in their order', () => {
    const found = ['127.0.0.1', '203.0.113.7', '::ffff:10.0.0.1', '2001:db8::7'];
    expect(allowedAddresses('a.example', found, bounds)).toEqual({ addresses: ['203.0.113.7', '2001:db8::7'] });
  });

  it('are a problem, which names the first one, when none can be dialled', () => {
    const { addresses, problem } = allowedAddresses('a.example', ['10.90.3.4', '::1'], bounds);
    expect(addresses).toEqual([]);
    expect(problem).toMatchObject({ code: 'EndpointNotAllowed', message: expect.stringContaining('10.90.3.4') });
    expect(problem?.message).toContain('a.example');
  });

  it('are none, and no problem of this kind, when there are none', () => {
    expect(allowedAddresses('a.example', [], bounds)).toEqual({ addresses: [] });
  });
});
