import { describe, expect, it } from 'vitest';
import { KubeError } from '../../kube/errors.ts';
import { scriptedSource } from '../../kube/fake.ts';
import { Store } from '../../kube/store.ts';
import type { DeviceName } from '../../mesh/model.ts';
import { fakeClock, fakeLog } from '../../runtime/fake.ts';
import { NodeWorld } from './node-world.ts';
import { reconcileConfig } from './reconcile-config.ts';
import type { ConfigView } from './views.ts';

const OLD = 'pw-00000000' as DeviceName;
const { signal } = new AbortController();

function world(answer: 'there' | KubeError) {
  const configs = new Store<ConfigView>();
  const clock = fakeClock();
  const nodes = new NodeWorld({ client: scriptedSource([]), clock, log: fakeLog(), onChange: () => undefined });
  const admitted: string[] = [];
  const client = {
    get: async () => {
      if (answer !== 'there') throw answer;
      return {} as never;
    },
  };
  const firewall = { admit: (device: DeviceName) => void admitted.push(device) };
  const dataplane = { list: async () => [OLD] };
  const where = { namespace: 'peerwright-system', nodeName: 'n1' };
  const run = () => reconcileConfig({ client, dataplane, firewall, configs, world: nodes, ...where }, signal);
  return { configs, nodes, admitted, run };
}

const refusal = (code: 'ApiNotFound' | 'ApiForbidden', reason: string) =>
  new KubeError({ code, status: 404, message: code, reason });
const GONE = refusal('ApiNotFound', 'NotFound');

describe('reconcileConfig', () => {
  it('concludes nothing before the config has been listed', async () => {
    const { nodes, run } = world(GONE);
    await run();
    expect([nodes.known, nodes.orphans()]).toEqual([false, []]);
  });

  it('lets devices go when the API server says that there is no config', async () => {
    const { configs, nodes, admitted, run } = world(GONE);
    configs.listed(new Set(), '10');
    await run();
    expect([nodes.known, nodes.orphans(), admitted]).toEqual([true, [OLD], [OLD]]);
  });

  it('keeps everything when the config is there though the list has none', async () => {
    const { configs, nodes, run } = world('there');
    configs.listed(new Set(), '10');
    expect(await run()).toMatchObject({ againAfterMs: expect.any(Number) });
    expect([nodes.known, nodes.orphans()]).toEqual([false, []]);
  });

  it.each([
    ['not allowed to look', refusal('ApiForbidden', 'Forbidden')],
    ['without its kind', refusal('ApiNotFound', '')],
  ])('keeps everything when it is %s', async (_, error) => {
    const { configs, nodes, run } = world(error);
    configs.listed(new Set(), '10');
    await expect(run()).rejects.toBe(error);
    expect([nodes.known, nodes.orphans()]).toEqual([false, []]);
  });

  it('lets a device go that the config does not name', async () => {
    const { configs, nodes, run } = world('there');
    const meta = { namespace: 'peerwright-system', name: 'n1', uid: 'u', resourceVersion: '5' };
    configs.apply({ ...meta, gateways: [] });
    configs.listed(new Set(['u']), '10');
    await run();
    expect([nodes.known, nodes.orphans()]).toEqual([true, [OLD]]);
  });
});
