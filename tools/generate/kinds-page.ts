import { VALIDATIONS } from '../../src/api/rule.ts';
import type { Kind } from '../../src/api/kind.ts';
import type { StructuralSchema } from '../../src/api/structural.ts';
import { rootSchema } from './crd.ts';
import { cell, GENERATED } from './markdown.ts';

/** The reference of kinds: every field, its bounds and its rules. */
export function renderKinds(kinds: readonly Kind[]): string {
  const [first] = kinds;
  const version = first === undefined ? '' : `${first.group}/${first.version}`;
  return `${GENERATED}
# Kinds of \`${version}\`

${kinds.map((kind) => `- [${kind.kind}](#${kind.kind.toLowerCase()}): ${cell(kind.description)}`).join('\n')}

${kinds.map(section).join('\n')}`;
}

function section(kind: Kind): string {
  const schema = rootSchema(kind);
  const parts = ['spec', 'status'].flatMap((part) => {
    const child = schema.properties?.[part];
    return child === undefined ? [] : rows(part, child, part === 'spec');
  });
  const names = kind.shortNames.map((name) => `\`${name}\``).join(', ');
  const rules = [...kind.rules, ...kind.transitions].map(({ message }) => `- ${message}`);
  return `## ${kind.kind}

${cell(kind.description)}

Short name ${names}. Columns of \`kubectl get\`: ${columns(kind)}.

${rules.join('\n')}

| field | type | required | meaning | rules |
|---|---|---|---|---|
${parts.join('\n')}
`;
}

function columns(kind: Kind): string {
  return kind.columns.map(({ name, wide }) => (wide ? `${name} (wide)` : name)).join(', ');
}

function rows(path: string, schema: StructuralSchema, isRequired: boolean): string[] {
  const cells = [
    `\`${path}\``,
    typeOf(schema),
    isRequired ? 'yes' : '',
    schema.description ?? '',
    limits(schema).join('\n'),
  ];
  return [`| ${cells.map(cell).join(' | ')} |`, ...children(path, schema)];
}

function children(path: string, schema: StructuralSchema): string[] {
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, child]) =>
    rows(`${path}.${name}`, child, schema.required?.includes(name) ?? false),
  );
  const { items } = schema;
  const isListOfObjects = items?.type === 'object';
  const own = items !== undefined && !isListOfObjects ? limits(items) : [];
  const element =
    own.length > 0
      ? [`| \`${path}[]\` | ${items?.type} |  | ${items?.description ?? ''} | ${cell(own.join('\n'))} |`]
      : [];
  return [...fields, ...element, ...(isListOfObjects ? rows(`${path}[]`, items, false) : [])];
}

function typeOf({ type, items, additionalProperties, enum: values }: StructuralSchema): string {
  if (values !== undefined) return values.map((value) => `\`${value}\``).join(', ');
  if (items !== undefined) return `list of ${items.type}`;
  if (additionalProperties !== undefined) return `map of ${additionalProperties.type}`;
  return type;
}

function limits(schema: StructuralSchema): string[] {
  const bounds = [
    ['minimum', 'at least'],
    ['maximum', 'at most'],
    ['minItems', 'items at least'],
    ['maxItems', 'items at most'],
    ['maxLength', 'characters at most'],
    ['maxProperties', 'entries at most'],
  ] as const;
  const found = bounds.flatMap(([keyword, text]) =>
    schema[keyword] === undefined ? [] : [`${text} ${JSON.stringify(schema[keyword])}`],
  );
  const preset = typeof schema.default === 'string' ? [`default \`${schema.default}\``] : [];
  return [...found, ...preset, ...messages(schema)];
}

function messages(schema: StructuralSchema): string[] {
  const rules: unknown = schema[VALIDATIONS];
  if (!Array.isArray(rules)) return [];
  return rules.map((rule: { message: string }) => rule.message);
}
