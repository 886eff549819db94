import { z } from 'zod';
import { PeerwrightError } from './error.ts';

/** One option of a process, derived from a field of its zod object. */
export interface Option {
  readonly flag: string;
  readonly variable: string;
  readonly kind: 'boolean' | 'number' | 'list' | 'string';
  /** What a good value is, such as `a whole number from 1 to 65535`. */
  readonly expects: string;
  /** What stands for the value in `--help`. */
  readonly placeholder: string;
  readonly description: string;
  /** Absent when there is none. */
  readonly defaultText?: string;
  readonly required: boolean;
}

/** One value as somebody gave it. `from` is the flag or variable. */
export interface Given {
  readonly from: string;
  readonly text: string;
}

/** What JSON Schema says of one field. */
type Field = Exclude<NonNullable<z.core.JSONSchema.JSONSchema['properties']>[string], boolean>;

/** The options of a schema by field name. Throws when a field is of a kind that text cannot give. */
export function optionsOf(schema: z.ZodObject): ReadonlyMap<string, Option> {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const entries = Object.entries(properties).map(([name, field]) => {
    if (typeof field === 'boolean') throw unsupported(name);
    return [name, optionOf({ name, field, required: required.includes(name) })] as const;
  });
  return new Map(entries);
}

function optionOf({ name, field, required }: { name: string; field: Field; required: boolean }): Option {
  const words = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const kind = kindOf(name, field);
  return {
    flag: words,
    variable: `PEERWRIGHT_${words.replaceAll('-', '_').toUpperCase()}`,
    kind,
    expects: expectation(kind, field),
    placeholder: field.enum?.join('|') ?? PLACEHOLDERS[kind],
    description: field.description ?? '',
    ...(field.default === undefined ? {} : { defaultText: textOf(field.default) }),
    required,
  };
}

const KINDS: Readonly<Record<string, Option['kind']>> = {
  boolean: 'boolean',
  integer: 'number',
  number: 'number',
  string: 'string',
  array: 'list',
};

const PLACEHOLDERS = { boolean: 'true|false', number: 'NUMBER', list: 'A,B,…', string: 'TEXT' };

function kindOf(name: string, field: Field): Option['kind'] {
  const kind = KINDS[String(field.type)];
  if (kind === undefined) throw unsupported(name);
  return kind;
}

function expectation(kind: Option['kind'], field: Field): string {
  if (field.enum !== undefined) return `one of ${field.enum.join(', ')}`;
  if (kind === 'boolean') return 'true or false';
  if (kind === 'list') return 'values separated by commas';
  if (kind === 'number') return `a ${field.type === 'integer' ? 'whole ' : ''}number${range(field)}`;
  return field.description === undefined ? 'a text' : `a text (${field.description.replace(/\.$/, '')})`;
}

function range({ minimum, maximum }: Field): string {
  const low = minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? '' : ` from ${minimum}`;
  const high = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? '' : ` to ${maximum}`;
  return low + high;
}

function textOf(value: unknown): string {
  return Array.isArray(value) ? value.join(',') || 'none' : String(value);
}

function unsupported(name: string): PeerwrightError {
  return new PeerwrightError('UnsupportedOption', `Option ${name} is not a text, number, boolean, enum or list`, {});
}
