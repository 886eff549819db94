import { KubeError } from '../../kube/errors.ts';
import type { ReportObject } from '../world/kinds.ts';
import type { ReportStorageDeps } from './storage.ts';

/** Report objects with the API server's part of the bargain: versions, and refusals of the right kind. */
export class Reports {
  readonly objects = new Map<string, ReportObject>();
  readonly writes: string[] = [];
  #version = 100;

  readonly client: ReportStorageDeps['client'] = {
    get: async (_kind, { name }) => this.#found(name) as never,
    create: async (_kind, object) => {
      if (this.objects.has(object.metadata.name)) throw refusal('ApiAlreadyExists', 409);
      return this.#put(object as unknown as ReportObject, 'create') as never;
    },
    replace: async (_kind, object) => {
      const { resourceVersion } = this.#found(object.metadata.name).metadata;
      if (resourceVersion !== object.metadata.resourceVersion) throw refusal('ApiConflict', 409);
      return this.#put(object as unknown as ReportObject, 'update') as never;
    },
    delete: async (_kind, { name }) => {
      this.objects.delete(name);
      this.writes.push(`delete ${name}`);
    },
  };

  #found(name: string): ReportObject {
    const found = this.objects.get(name);
    if (found === undefined) throw refusal('ApiNotFound', 404);
    return structuredClone(found);
  }

  #put(object: ReportObject, verb: string): ReportObject {
    const { name } = object.metadata;
    this.#version += 1;
    const stamps = { uid: `uid-${name}`, resourceVersion: String(this.#version), generation: 1 };
    const metadata = { ...object.metadata, ...stamps, creationTimestamp: '2026-01-01T00:00:00Z' };
    this.objects.set(name, structuredClone({ ...object, metadata }));
    this.writes.push(`${verb} ${name}`);
    return structuredClone({ ...object, metadata });
  }
}

function refusal(code: 'ApiNotFound' | 'ApiConflict' | 'ApiAlreadyExists', status: number): KubeError {
  return new KubeError({ code, status, message: code, reason: code.slice(3) });
}
