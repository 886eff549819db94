/**
 * Paths, such as `spec.validations[0].expression`, where `live` has not what `shipped` has. Keys that only `live` has
 * do not count; lists must agree in length and order. A value against an absent one differs.
 */
export function fieldDifferences(shipped: unknown, live: unknown, path = ''): string[] {
  if (Array.isArray(shipped)) return listDifferences(shipped, live, path);
  if (!isObject(shipped)) return shipped === live ? [] : [path];
  if (!isObject(live)) return [path];
  return Object.entries(shipped).flatMap(([key, value]) =>
    fieldDifferences(value, live[key], path === '' ? key : `${path}.${key}`),
  );
}

/** Those paths (dotted; `*` for every element of a list) at which `object` holds something that is not empty. */
export function fieldsSet(object: unknown, paths: readonly string[]): string[] {
  return paths.filter((path) => !isEmpty(valuesAt(object, path.split('.'))));
}

function listDifferences(shipped: readonly unknown[], live: unknown, path: string): string[] {
  if (!Array.isArray(live) || live.length !== shipped.length) return [path];
  return shipped.flatMap((value, index) => fieldDifferences(value, live[index], `${path}[${index}]`));
}

function valuesAt(value: unknown, keys: readonly string[]): unknown {
  const [key, ...rest] = keys;
  if (key === undefined) return value;
  if (key === '*') return Array.isArray(value) ? value.map((element: unknown) => valuesAt(element, rest)) : undefined;
  return isObject(value) ? valuesAt(value[key], rest) : undefined;
}

/** Nothing at all, all the way down: `{matchLabels: {}}` selects everything, as `{}` does. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === 'object' && Object.values(value).every(isEmpty);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
