import type { z } from 'zod';
import { readArguments } from './config-arguments.ts';
import { type Given, type Option, optionsOf } from './config-options.ts';
import { helpText } from './config-help.ts';

export interface ConfigSource {
  /** As people type it, such as `peerwright operator`. */
  readonly program: string;
  /** What follows the program's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Problems are sentences that name flag or variable, value and remedy. */
export type ParsedConfig<T> =
  | { readonly ok: true; readonly config: T }
  | { readonly ok: false; readonly problems: readonly string[] }
  | { readonly help: string };

/**
 * Reads the config of a process. Field `someName` is flag `--some-name VALUE` (or `=VALUE`) and variable
 * `PEERWRIGHT_SOME_NAME`; the flag wins, the last of several flags too, except that a list collects them.
 * Fields may be strings, numbers, booleans, enums and lists of strings (comma separated). Secrets do not belong here.
 */
export function parseConfig<S extends z.ZodObject>(schema: S, source: ConfigSource): ParsedConfig<z.output<S>> {
  const options = optionsOf(schema);
  const read = readArguments(options, source.argv);
  if (read.help) return { help: helpText(source.program, options) };
  const given = new Map([...fromEnvironment(options, source.env), ...read.given]);
  const { values, broken } = convert(options, given);
  const parsed = schema.safeParse(values);
  const issues = parsed.error?.issues.filter(({ path }) => !broken.has(String(path[0]))) ?? [];
  const problems = [
    ...read.problems,
    ...unknownVariables(options, source.env),
    ...broken.values(),
    ...issues.map((issue) => issueText(issue, options, given)),
  ];
  return parsed.success && problems.length === 0 ? { ok: true, config: parsed.data } : { ok: false, problems };
}

/** `values` is what the schema gets; `broken` holds, by field, the problem of a text that means no value at all. */
function convert(options: ReadonlyMap<string, Option>, given: ReadonlyMap<string, Given>) {
  const values: Record<string, unknown> = {};
  const broken = new Map<string, string>();
  for (const [field, option] of options) {
    const one = given.get(field);
    if (one === undefined) continue;
    values[field] = valueOf(option, one.text);
    if (values[field] === undefined) broken.set(field, `${shown(one)} is not valid: give ${option.expects}.`);
  }
  return { values, broken };
}

/** The value that a text means for an option; undefined when it means none. */
function valueOf(option: Option, text: string): unknown {
  switch (option.kind) {
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined;
    case 'number':
      return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
    case 'list':
      return text === '' ? [] : text.split(',').map((item) => item.trim());
    case 'string':
      return text;
  }
}

function issueText(issue: z.core.$ZodIssue, options: ReadonlyMap<string, Option>, given: ReadonlyMap<string, Given>) {
  const field = String(issue.path[0] ?? '');
  const option = options.get(field);
  const one = given.get(field);
  if (option === undefined) return `${issue.message}.`;
  if (one === undefined) return `--${option.flag} (or ${option.variable}) is required: give ${option.expects}.`;
  return `${shown(one)} is not valid (${issue.message}): give ${option.expects}.`;
}

function shown({ from, text }: Given): string {
  return `${from}=${text}`;
}

function fromEnvironment(options: ReadonlyMap<string, Option>, env: ConfigSource['env']): [string, Given][] {
  return [...options].flatMap(([field, { variable }]) => {
    const text = env[variable];
    return text === undefined ? [] : [[field, { from: variable, text }] satisfies [string, Given]];
  });
}

/** Kubernetes puts such variables into a pod for every Service of its namespace, `peerwright-…` ones included. */
const SERVICE_LINK = /_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;

function unknownVariables(options: ReadonlyMap<string, Option>, env: ConfigSource['env']): string[] {
  const known = new Set([...options.values()].map(({ variable }) => variable));
  return Object.keys(env)
    .filter((name) => name.startsWith('PEERWRIGHT_') && !known.has(name) && !SERVICE_LINK.test(name))
    .map((name) => `${name} is not a variable of this program: remove it; --help lists all.`);
}
