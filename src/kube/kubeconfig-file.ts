import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { parse } from 'yaml';
import { PeerwrightError } from '../runtime/error.ts';

/** A cluster or user of a kubeconfig: its fields as they are written, and the folder that its relative paths begin in. */
export interface Entry {
  readonly fields: Fields;
  readonly folder: string;
}

export type Fields = Readonly<Record<string, unknown>>;

/** What one context of a kubeconfig names. */
export interface Selection {
  /** The files, for messages. */
  readonly where: string;
  readonly cluster: Entry;
  readonly userName: string;
  readonly user: Entry;
  /** That calls without a namespace are meant for. */
  readonly namespace: string | undefined;
}

export interface KubeconfigFiles {
  readonly files: readonly string[];
  /** Files that do not exist are passed over, as kubectl does with those in KUBECONFIG; one has to be there. */
  readonly skipMissing?: boolean;
  /** Default: the current one. */
  readonly context?: string | undefined;
}

/** Reads the files and selects a context. Merged as kubectl does: what an earlier file has, a later one does not change. */
export function selectContext({ files, skipMissing = false, context }: KubeconfigFiles): Selection {
  const documents = files.flatMap((file) => documentOf(file, skipMissing) ?? []);
  const where = documents.map(({ file }) => file).join(', ');
  if (documents.length === 0) throw missing(files);
  const { name, fields } = contextOf(documents, { where, context });
  const cluster = entriesOf(documents, 'cluster').get(textOf(fields, 'cluster') ?? '');
  if (cluster === undefined) throw invalid(where, `names no cluster for the context "${name}"`);
  const userName = textOf(fields, 'user') ?? '';
  const user = entriesOf(documents, 'user').get(userName) ?? { fields: {}, folder: '' };
  return { where, cluster, userName, user, namespace: textOf(fields, 'namespace') };
}

function contextOf(
  documents: readonly Document[],
  { where, context }: { where: string; context: string | undefined },
): { readonly name: string; readonly fields: Fields } {
  const contexts = entriesOf(documents, 'context');
  const current = documents.map(({ fields }) => textOf(fields, 'current-context')).find((name) => name !== undefined);
  const name = context ?? current ?? '';
  const chosen = contexts.get(name);
  if (chosen === undefined) throw noContext(name, [...contexts.keys()], where);
  return { name, fields: chosen.fields };
}

function noContext(name: string, names: readonly string[], where: string): PeerwrightError {
  if (names.length === 0) return invalid(where, 'has no contexts');
  const hint = `Choose one of its contexts: ${names.join(', ')}.`;
  return kubeconfigError(
    `The kubeconfig ${where} has no ${name === '' ? 'current context' : `context "${name}"`}.`,
    hint,
  );
}

/** Names of the contexts in these files. Error: KubeconfigInvalid. */
export function contextNames(files: readonly string[]): readonly string[] {
  const documents = files.flatMap((file) => documentOf(file, true) ?? []);
  return [...entriesOf(documents, 'context').keys()];
}

/** A text that is there and not empty. */
export function textOf(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** `name-data` in base64, else the content of the file that `name` points to. */
export function pemOf({ fields, folder }: Entry, name: string): string | undefined {
  const data = textOf(fields, `${name}-data`);
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
  const path = textOf(fields, name);
  return path === undefined ? undefined : readText(absolute(folder, path));
}

/** Relative paths in a kubeconfig begin in the folder of its file. */
export function absolute(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}

export function recordOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

const HINT = 'Check it with `kubectl config view`, and that `kubectl version` reaches the server with it.';

/** A parser's message may quote the file, and the file holds credentials: only a system error's code is passed on. */
export function invalid(file: string, what: string, cause?: unknown): PeerwrightError {
  const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
  return kubeconfigError(`The kubeconfig ${file} ${what}${code}.`, HINT);
}

export function kubeconfigError(message: string, hint: string): PeerwrightError {
  return new PeerwrightError('KubeconfigInvalid', message, { hint });
}

interface Document {
  readonly file: string;
  readonly fields: Fields;
}

function documentOf(file: string, skipMissing: boolean): Document | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    if (skipMissing && isMissing(cause)) return undefined;
    throw invalid(file, 'cannot be read', cause);
  }
  try {
    return { file, fields: recordOf(parse(text, { logLevel: 'error' })) };
  } catch {
    throw invalid(file, 'cannot be read: it is no YAML');
  }
}

function entriesOf(documents: readonly Document[], kind: 'cluster' | 'user' | 'context'): Map<string, Entry> {
  const found = new Map<string, Entry>();
  for (const { file, fields } of documents) {
    const list = fields[`${kind}s`];
    for (const one of (Array.isArray(list) ? list : []).map(recordOf)) {
      const name = textOf(one, 'name');
      if (name === undefined || found.has(name)) continue;
      found.set(name, { fields: recordOf(one[kind]), folder: dirname(file) });
    }
  }
  return found;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw invalid(path, 'is referred to and cannot be read', cause);
  }
}

function missing(files: readonly string[]): PeerwrightError {
  const message = `There is no kubeconfig: ${files.join(', ')} does not exist.`;
  return kubeconfigError(message, 'Name one with --kubeconfig or in KUBECONFIG.');
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
