import type { Kind } from '../../../src/api/kind.ts';
import type { StructuralSchema } from '../../../src/api/structural.ts';
import { rootSchema } from '../../../tools/generate/crd.ts';
import type { Sample } from './case.ts';

/** One text of an object that no list of allowed words limits. */
export interface Text {
  /** As the API server writes it, such as `spec.pools[0].cidr`. */
  readonly path: string;
  readonly text: string;
  /** The whole object with another text in its place. */
  readonly put: (text: string) => Sample;
}

/** Every such text of spec and status. Throws when the object lacks one that its kind may have. */
export function textsOf(kind: Kind, object: Sample): readonly Text[] {
  const { spec, status } = rootSchema(kind).properties ?? {};
  const parts = { spec, ...(status && { status }) };
  return Object.entries(parts).flatMap(([part, schema]) =>
    schema === undefined
      ? []
      : within({ schema, value: object[part], path: part, put: (value) => ({ ...object, [part]: value }) }),
  );
}

interface Place {
  readonly schema: StructuralSchema;
  readonly value: unknown;
  readonly path: string;
  readonly put: (value: unknown) => Sample;
}

function within({ schema, value, path, put }: Place): readonly Text[] {
  if (schema.enum !== undefined) return [];
  switch (schema.type) {
    case 'string':
      if (typeof value !== 'string') throw new TypeError(`the complete object lacks ${path}`);
      return [{ path, text: value, put }];
    case 'array':
      return items({ schema, value, path, put });
    case 'object':
      return fields({ schema, value, path, put });
    default:
      return [];
  }
}

/** One item stands for all. */
function items({ schema, value, path, put }: Place): readonly Text[] {
  const [first, ...rest] = Array.isArray(value) ? value : [];
  if (schema.items === undefined) return [];
  return within({
    schema: schema.items,
    value: first,
    path: `${path}[0]`,
    put: (item) => put([item, ...rest]),
  });
}

function fields({ schema, value, path, put }: Place): readonly Text[] {
  const given: Record<string, unknown> = typeof value === 'object' && value !== null ? { ...value } : {};
  const known = schema.properties ?? {};
  const free = schema.additionalProperties;
  const all = free === undefined ? known : Object.fromEntries(Object.keys(given).map((key) => [key, free]));
  return Object.entries(all).flatMap(([key, child]) =>
    within({
      schema: child,
      value: given[key],
      path: `${path}.${key}`,
      put: (field) => put({ ...given, [key]: field }),
    }),
  );
}
