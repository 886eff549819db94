import type { KubeObject, Resource } from './object.ts';

export interface PathParts {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
}

/** The path and query of a collection (all namespaces when none is given) or an object. */
export function pathOf<T extends KubeObject>(resource: Resource<T>, parts: PathParts): string {
  const { group, version, plural, namespaced } = resource;
  const steps = [
    ...(group === '' ? ['api', version] : ['apis', group, version]),
    ...(namespaced && parts.namespace ? ['namespaces', parts.namespace] : []),
    plural,
    ...(parts.name === undefined ? [] : [parts.name]),
    ...(parts.subresource === undefined ? [] : [parts.subresource]),
  ];
  return `/${steps.map(encodeURIComponent).join('/')}${queryOf(parts.query ?? {})}`;
}

function queryOf(query: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') search.set(name, String(value));
  }
  return search.size === 0 ? '' : `?${search.toString()}`;
}
