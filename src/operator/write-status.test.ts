import { expect, test } from 'vitest';
import { KubeError, KubeErrorCode } from '../kube/errors.ts';
import type { KubeObject } from '../kube/object.ts';
import { Store } from '../kube/store.ts';
import { meta } from './operator.testing.ts';
import type { Meta } from './world/views.ts';
import { writeStatus } from './write-status.ts';

type View = Meta & { readonly status: { readonly a?: number; readonly b?: number } };
const view: View = { ...meta('p', { resourceVersion: '7' }), status: { a: 1, b: 2 } };
const { signal } = new AbortController();
const resource = { group: 'g', version: 'v1', plural: 'things', kind: 'Thing', namespaced: true };

function scene(refuse?: Error) {
  const store = new Store<View>();
  store.apply(view);
  const sent: object[] = [];
  const mergePatch = async <T extends KubeObject>(
    _: unknown,
    __: unknown,
    { patch }: { patch: object },
  ): Promise<T> => {
    if (refuse) throw refuse;
    sent.push(patch);
    return { metadata: { name: 'p', resourceVersion: '8' } } as T;
  };
  const project = ({ metadata }: KubeObject): View => ({
    ...view,
    resourceVersion: metadata.resourceVersion ?? '',
    status: { a: 1 },
  });
  return { store, sent, target: { client: { mergePatch }, resource, store, project } };
}

test('what differs is written on the version that was decided on, and the answer is in the cache at once', async () => {
  const { store, sent, target } = scene();
  const written = await writeStatus(view, { a: 1 }, { target, signal });
  expect(sent).toEqual([{ metadata: { resourceVersion: '7' }, status: { b: null } }]);
  expect([written.resourceVersion, store.get('net/p')]).toEqual(['8', written]);
});

test('nothing is written when nothing differs', async () => {
  const { sent, target } = scene();
  expect(await writeStatus(view, { b: 2, a: 1 }, { target, signal })).toBe(view);
  expect(sent).toEqual([]);
});

test('a conflict is passed on and leaves the cache alone', async () => {
  const conflict = new KubeError({ code: KubeErrorCode.conflict, message: 'newer', status: 409, reason: 'Conflict' });
  const { store, target } = scene(conflict);
  await expect(writeStatus(view, { a: 2 }, { target, signal })).rejects.toBe(conflict);
  expect(store.get('net/p')).toBe(view);
});
