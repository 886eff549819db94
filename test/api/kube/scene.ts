import { Reflector, type ReflectorOptions } from '../../../src/kube/reflector.ts';
import { Store } from '../../../src/kube/store.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { fakeLog } from '../../../src/runtime/fake.ts';
import {
  type Api,
  type ConfigMap,
  type ConfigMapView,
  configMaps,
  newNamespace,
  testSignal,
  viewOf,
} from './support.ts';

type Options = ReflectorOptions<ConfigMap, ConfigMapView>;
export type Source = Options['client'];

/** A namespace of config maps for one test, and reflectors of it that end with the test. */
export async function newScene(api: Api) {
  const signal = testSignal();
  const namespace = await newNamespace(api, signal);
  const create = (name: string) => api.client.create(configMaps, { metadata: { namespace, name } }, { signal });

  /** Names in order. */
  async function fill(count: number): Promise<string[]> {
    const made = Array.from({ length: count }, (_, index) => `c${String(index).padStart(4, '0')}`);
    await Promise.all(made.map(create));
    return made;
  }

  function reflect(options: Partial<Options> = {}) {
    const colour = ({ data }: ConfigMapView) => (data['colour'] ? [data['colour']] : []);
    const store = new Store<ConfigMapView>({ indexes: { colour } });
    const log = fakeLog();
    const seen: string[] = [];
    store.subscribe(({ type, object }) => seen.push(`${type} ${object.name}`));
    const deps = { client: api.client, resource: configMaps, store, clock: systemClock, log };
    void new Reflector({ ...deps, namespace, project: viewOf, ...options }).run(signal);
    return { store, log, seen };
  }

  return { signal, namespace, create, fill, reflect };
}

export function names(store: Store<ConfigMapView>): string[] {
  return store
    .list()
    .map(({ name }) => name)
    .toSorted();
}
