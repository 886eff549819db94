import { describe, expect, it } from 'vitest';
import { FakeDataplane } from '../../dataplane/fake.ts';
import { pass } from '../../kube/fake.ts';
import type { Prefix } from '../../mesh/model.ts';
import { fakeClock } from '../../runtime/fake.ts';
import { NodeNetworks } from './node-networks.ts';
import { Observations } from './observations.ts';

const { signal } = new AbortController();

function networks(apiServer: string) {
  const clock = fakeClock();
  const dataplane = new FakeDataplane();
  const found = new NodeNetworks({ dataplane, apiServer, observations: new Observations(), clock });
  const apiServers = async () => {
    const asking = found.ofNode(signal);
    await pass(clock, 3_000);
    return (await asking).filter(({ kind }) => kind === 'ApiServer').map(({ prefix }) => prefix);
  };
  return { clock, dataplane, found, apiServers };
}

describe('what a new route must not cover', () => {
  it('is everything that the node has', async () => {
    const { dataplane, found } = networks('https://10.96.0.1:443');
    dataplane.foreignRoutes.add('10.0.0.0/8' as Prefix);
    expect((await found.ofNode(signal)).map(({ prefix }) => prefix)).toEqual(['10.0.0.0/8', '10.96.0.1/32']);
  });

  it.each([
    ['https://10.96.0.1:443', ['10.96.0.1/32']],
    ['https://[fd00:96::1]:443', ['fd00:96::1/128']],
    ['https://api.example.net:6443', ['203.0.113.1/32', '2001:db8::1/128']],
    ['https://unknown.example.net:6443', []],
  ])('is the API server at %s: %j', async (apiServer, prefixes) => {
    const { dataplane, apiServers } = networks(apiServer);
    dataplane.names.set('api.example.net', ['203.0.113.1', '2001:db8::1']);
    expect(await apiServers()).toEqual(prefixes);
  });

  it('is the API server as it was last known while nobody resolves its name', async () => {
    const { dataplane, apiServers } = networks('https://api.example.net:6443');
    dataplane.names.set('api.example.net', ['203.0.113.1']);
    await apiServers();
    dataplane.resolve = () => new Promise(() => undefined);
    expect(await apiServers()).toEqual(['203.0.113.1/32']);
    dataplane.resolve = () => Promise.reject(new Error('no resolver'));
    expect(await apiServers()).toEqual(['203.0.113.1/32']);
  });
});
