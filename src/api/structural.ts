import { z } from 'zod';

/** A node of a structural OpenAPI v3 schema, as `apiextensions.k8s.io/v1` takes it. */
export interface StructuralSchema {
  type: string;
  description?: string;
  properties?: Record<string, StructuralSchema>;
  additionalProperties?: StructuralSchema;
  items?: StructuralSchema;
  required?: string[];
  enum?: string[];
  default?: unknown;
  [keyword: string]: unknown;
}

type Node = Record<string, unknown>;

/** What JSON Schema can say and a structural schema cannot, with the way out. */
const REFUSED: Readonly<Record<string, string>> = {
  $ref: 'write the schema inline; recursive and shared definitions do not exist in a CRD',
  definitions: 'write the schema inline; recursive and shared definitions do not exist in a CRD',
  $defs: 'write the schema inline; recursive and shared definitions do not exist in a CRD',
  anyOf: 'use optional fields and one rule() that says which belong together',
  oneOf: 'use optional fields and one rule() that says which belong together',
  allOf: 'merge the schemas into one z.object()',
  not: 'use a rule()',
  uniqueItems: "use x-kubernetes-list-type 'set' or 'map'",
  'pattern flags': 'write the pattern without flags; Go RE2 would not see them',
  propertyNames: 'use z.record(z.string(), …) and a rule() on the keys',
};

/**
 * The structural schema of a zod schema (its input side).
 * Throws an Error that names path and remedy for whatever a CRD cannot express, or the CEL cost budget would refuse.
 */
export function toStructural(schema: z.ZodType, path = 'spec'): StructuralSchema {
  const options = { target: 'openapi-3.0', io: 'input', cycles: 'throw', override: markFlags } as const;
  return walk(z.toJSONSchema(schema, options), path);
}

/** Zod keeps the source of a pattern and forgets its flags without a word. */
function markFlags({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodTypes; jsonSchema: Node }): void {
  const flags = (zodSchema._zod.def.checks ?? []).map((check) => {
    const pattern: unknown = Reflect.get(check._zod.def, 'pattern');
    return pattern instanceof RegExp ? pattern.flags : '';
  });
  if (flags.some((given) => given !== '')) jsonSchema['pattern flags'] = flags.join('');
}

function walk(input: unknown, path: string): StructuralSchema {
  const node = asNode(input, path);
  refuseKeywords(node, path);
  const { type } = node;
  if (typeof type !== 'string') throw unfit(path, 'it has no type', 'give it one type; z.any() and unions have none');
  checkBounds(node, path);
  return { ...stripped(node), type, ...children(node, path) };
}

function children(node: Node, path: string): Partial<StructuralSchema> {
  const result: Partial<StructuralSchema> = {};
  if (node['properties'] !== undefined) {
    const entries = Object.entries(asNode(node['properties'], path));
    result.properties = Object.fromEntries(entries.map(([name, child]) => [name, walk(child, `${path}.${name}`)]));
  }
  if (node['items'] !== undefined) result.items = walk(node['items'], `${path}[]`);
  if (node['additionalProperties'] !== undefined) {
    result.additionalProperties = walk(node['additionalProperties'], `${path}{}`);
  }
  return result;
}

function refuseKeywords(node: Node, path: string): void {
  for (const [keyword, remedy] of Object.entries(REFUSED)) {
    if (node[keyword] !== undefined) throw unfit(path, `it has ${keyword}`, remedy);
  }
  if (node['additionalProperties'] === false) {
    throw unfit(path, 'it forbids unknown fields', 'use z.object(); the API server drops unknown fields');
  }
  if (typeof node['pattern'] === 'string' && /\(\?[=!<]/.test(node['pattern'])) {
    throw unfit(path, `its pattern ${node['pattern']} looks around`, 'use a pattern that Go RE2 understands');
  }
}

/** Keywords a node must have, by its shape, and what to write to get them. */
const REQUIRED: readonly { of: (node: Node) => boolean; keyword: string; remedy: string }[] = [
  {
    of: ({ type, enum: values }) => type === 'string' && values === undefined,
    keyword: 'maxLength',
    remedy: 'add .max(n): without it rules exceed the CEL cost budget',
  },
  {
    of: ({ type }) => type === 'array',
    keyword: 'maxItems',
    remedy: 'add .max(n): without it rules exceed the CEL cost budget',
  },
  {
    of: ({ type }) => type === 'array',
    keyword: 'x-kubernetes-list-type',
    remedy: "add .meta({'x-kubernetes-list-type': 'atomic'})",
  },
  {
    of: ({ additionalProperties }) => typeof additionalProperties === 'object',
    keyword: 'maxProperties',
    remedy: 'add .meta({ maxProperties: n }): without it rules exceed the CEL cost budget',
  },
];

function checkBounds(node: Node, path: string): void {
  for (const { of, keyword, remedy } of REQUIRED) {
    if (of(node) && node[keyword] === undefined) throw unfit(path, `it has no ${keyword}`, remedy);
  }
}

/** Without what zod adds and the API server does not know or need. */
function stripped(node: Node): Node {
  const rest = { ...node };
  for (const keyword of ['$schema', 'contentEncoding', 'id', 'title']) delete rest[keyword];
  if (rest['minimum'] === Number.MIN_SAFE_INTEGER) delete rest['minimum'];
  if (rest['maximum'] === Number.MAX_SAFE_INTEGER) delete rest['maximum'];
  return rest;
}

function asNode(value: unknown, path: string): Node {
  if (typeof value !== 'object' || value === null) throw unfit(path, 'it is no schema object', 'use z.object()');
  return Object.fromEntries(Object.entries(value));
}

function unfit(path: string, what: string, remedy: string): Error {
  return new Error(`${path}: ${what}; ${remedy}`);
}
