import { z } from 'zod';
import { storedMeta, writtenMeta, type ObjectMeta, type StoredMeta } from './meta.ts';
import { fieldPathSegments, type Rule } from './rule.ts';

/** A column of `kubectl get`. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly jsonPath: string;
  readonly description: string;
  /** Shown with `-o wide` only. */
  readonly wide?: boolean;
}

/** A rule about the whole object; on creation `old` is absent. */
export interface ObjectRule<Object> extends Omit<Rule<Object>, 'check'> {
  readonly check: (object: Object, old?: Object) => string | undefined;
}

/** An object of a kind, as people and processes write it. */
export type ApiObject<Name extends string, Spec extends z.ZodType, Status extends z.ZodType | undefined> = {
  apiVersion: typeof API_VERSION;
  kind: Name;
  metadata: ObjectMeta;
  spec: z.input<Spec>;
} & (Status extends z.ZodType ? { status?: z.input<Status> } : unknown);

/** An object as it was read from the API server, which has given it what every stored object has. */
export type Stored<T> = T & { metadata: StoredMeta };

export interface KindOptions<Name extends string, Spec extends z.ZodType, Status extends z.ZodType | undefined> {
  readonly kind: Name;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** One or two sentences for `kubectl explain` and the reference. */
  readonly description: string;
  readonly spec: Spec;
  /** Present: the kind has a status subresource. */
  readonly status?: Status;
  /** What the status reads as before anyone has written it. */
  readonly statusDefault?: Status extends z.ZodType ? z.input<Status> : never;
  readonly columns: readonly Column[];
  readonly selectableFields?: readonly string[];
  readonly nameMaxLength: number;
  /** Rules about the whole object, such as name against spec. */
  readonly rules?: readonly ObjectRule<ApiObject<Name, Spec, Status>>[];
  /** Rules about a change; `oldSelf` in CEL. Applied on update only. */
  readonly transitions?: readonly ObjectRule<ApiObject<Name, Spec, Status>>[];
}

/** Why an object does not fit, in the shape of a `Problem` of mesh/. */
export interface InvalidField {
  readonly code: 'InvalidObject';
  readonly message: string;
  readonly path: string;
}

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly InvalidField[] };

/** A kind: its coordinates in the API, its schema, and how to read an object of it. */
export interface Kind<
  Name extends string = string,
  Spec extends z.ZodType = z.ZodType,
  Status extends z.ZodType | undefined = z.ZodType | undefined,
> extends Omit<KindOptions<Name, Spec, Status>, 'rules' | 'transitions'> {
  readonly group: typeof GROUP;
  readonly version: typeof VERSION;
  readonly namespaced: true;
  /** Exists only for the compiler, which reads the type of the objects off it. */
  readonly objectType?: ApiObject<Name, Spec, Status>;
  readonly rules: readonly ObjectRule<never>[];
  readonly transitions: readonly ObjectRule<never>[];
  /** Reads an object that came from the API server. Unknown fields are dropped, defaults filled in. */
  readonly parse: (object: unknown) => Parsed<Stored<ApiObject<Name, Spec, Status>>>;
  /** What the API server would say to creating the object, or to changing `old` into it; empty when it is good. */
  readonly check: (object: unknown, old?: unknown) => readonly InvalidField[];
}

/** The type of the objects of a kind: `type WireGuardPeer = ObjectOf<typeof WireGuardPeer>`. */
export type ObjectOf<K> = K extends Kind<infer Name, infer Spec, infer Status> ? ApiObject<Name, Spec, Status> : never;

export const GROUP = 'peerwright.dev';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}` as const;

export function defineKind<
  const Name extends string,
  Spec extends z.ZodType,
  Status extends z.ZodType | undefined = undefined,
>(options: KindOptions<Name, Spec, Status>): Kind<Name, Spec, Status> {
  type Object = ApiObject<Name, Spec, Status>;
  const rules = [nameRule(options.nameMaxLength), ...(options.rules ?? [])];
  const transitions = options.transitions ?? [];
  const written = objectSchema(options, writtenMeta);
  const stored = objectSchema(options, storedMeta);

  return {
    ...options,
    group: GROUP,
    version: VERSION,
    namespaced: true,
    rules,
    transitions,
    parse(object) {
      const { data, problems } = read<Stored<Object>>(stored, object);
      if (data === undefined) return { ok: false, problems };
      const broken = brokenRules(rules, data);
      return broken.length > 0 ? { ok: false, problems: broken } : { ok: true, value: data };
    },
    check(object, old) {
      const { data, problems } = read<Object>(written, object);
      if (data === undefined) return problems;
      const before = old === undefined ? undefined : read<Object>(written, old).data;
      return [...brokenRules(rules, data), ...(before === undefined ? [] : brokenRules(transitions, data, before))];
    },
  };
}

type Schemas = { readonly kind: string; readonly spec: z.ZodType; readonly status?: z.ZodType | undefined };

function objectSchema(options: Schemas, metadata: z.ZodType): z.ZodType {
  return z.object({
    apiVersion: z.literal(API_VERSION).default(API_VERSION),
    kind: z.literal(options.kind).default(options.kind),
    metadata,
    spec: options.spec,
    ...(options.status === undefined ? {} : { status: options.status.optional() }),
  });
}

/** The one place where text from outside becomes a typed object. */
function read<T>(schema: z.ZodType, object: unknown): { data?: T; problems: readonly InvalidField[] } {
  const result = schema.safeParse(object, { reportInput: true });
  if (result.success) return { data: result.data as T, problems: [] };
  return { problems: result.error.issues.map((issue) => invalid(pathText(issue.path), messageOf(issue))) };
}

function brokenRules<T>(rules: readonly ObjectRule<T>[], object: T, old?: T): InvalidField[] {
  return rules.flatMap(({ check, fieldPath }) => {
    const message = old === undefined ? check(object) : check(object, old);
    return message === undefined ? [] : [invalid(fieldPathSegments(fieldPath).join('.'), message)];
  });
}

function nameRule(max: number): ObjectRule<{ metadata: ObjectMeta }> {
  const message = `metadata.name may have at most ${max} characters, so that names made of it fit; choose a shorter one`;
  return {
    cel: `size(self.metadata.name) <= ${max}`,
    message,
    messageExpression: `'metadata.name %s has %d characters, at most ${max} fit; choose a shorter one'.format([self.metadata.name, size(self.metadata.name)])`,
    check: ({ metadata: { name } }) =>
      name.length <= max
        ? undefined
        : `metadata.name ${name} has ${name.length} characters, at most ${max} fit; choose a shorter one`,
  };
}

function invalid(path: string, message: string): InvalidField {
  return { code: 'InvalidObject', message, path };
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, segment) =>
      typeof segment === 'number' ? `${text}[${segment}]` : `${text}${text ? '.' : ''}${String(segment)}`,
    '',
  );
}

/** Zod's own messages do not say what was given; ours do already. */
function messageOf({ code, message, input }: z.core.$ZodIssue): string {
  if (code === 'custom') return message;
  if (code === 'invalid_type' && input === undefined) return 'is required';
  const isShort = typeof input === 'number' || (typeof input === 'string' && input.length <= 64);
  return isShort ? `${message}, not ${JSON.stringify(input)}` : message;
}
