import { dirname, join } from 'node:path/posix';
import { GRANTED_ONLY, GRANTS, type Layer, LAYERS } from './layers.ts';

export interface Import {
  /** The importing file, from the root of the repository, such as `src/mesh/plan.ts`. */
  readonly from: string;
  /** As written: `../kube/client.ts`, `node:fs`, `zod`. */
  readonly specifier: string;
  readonly typeOnly: boolean;
}

/** Why this import is refused, one sentence or two; undefined when it is allowed. */
export function verdict(one: Import): string | undefined {
  const layer = layerOf(one.from);
  const row = layer === undefined ? undefined : LAYERS[layer];
  if (layer === undefined || layer === 'test') return undefined;
  if (row === undefined) return `${layer}/ has no row in tools/lint/layers.ts yet. Say there what it may import.`;
  if (GRANTS[one.from]?.includes(packageOf(one.specifier))) return undefined;
  if (isRelative(one.specifier)) return relativeVerdict(one, layer, row);
  return moduleVerdict(one, layer, row);
}

/** The layer a file belongs to: `mesh`, `main` for src/main.ts, `tools`, `test`; undefined outside these trees. */
export function layerOf(path: string): string | undefined {
  const [tree, folder] = path.split('/');
  if (tree !== 'src') return tree === 'tools' || tree === 'test' ? tree : undefined;
  return folder?.endsWith('.ts') ? folder.split('.')[0] : folder;
}

/** Tests, and `x.testing.ts`: what the tests of one folder share. */
export const isTest = (path: string): boolean => /\.test(ing)?\.ts$/.test(path) || path.startsWith('test/');

/** What only tests run. One may be made of another. */
const isPretence = (path: string): boolean => /(\/fake|\.testing)\.ts$/.test(path);

/** A composition root: the only files that read the environment and arguments and handle signals. */
export const isEntry = (path: string): boolean => /^src\/([a-z]+\/)?main\.ts$/.test(path);

function relativeVerdict(one: Import, layer: string, row: Layer): string | undefined {
  const target = join(dirname(one.from), one.specifier);
  if (isPretence(target) && !isTest(one.from) && !isPretence(one.from))
    return `'${one.specifier}' is a fake. Only tests import fakes.`;
  const targetLayer = layerOf(target);
  if (isException(one.from, layer, target) || targetLayer === layer || isAllowed(target, row)) return undefined;
  return `${layer}/ may not import ${targetLayer ?? 'files outside src'}/ ('${one.specifier}'). ${row.why}`;
}

/** `src/main.ts` loads the entries of all processes, and tests share helpers. */
function isException(from: string, layer: string, target: string): boolean {
  return (layer === 'main' && isEntry(target)) || (isTest(from) && target.startsWith('test/support/'));
}

function isAllowed(target: string, row: Layer): boolean {
  return row.layers.some((allowed) => target.startsWith(`src/${allowed}/`) || target === `src/${allowed}.ts`);
}

function moduleVerdict(one: Import, layer: string, row: Layer): string | undefined {
  if (isTest(one.from)) return undefined;
  const name = packageOf(one.specifier);
  const allowed = name.startsWith('node:') ? nodeAllowed(name, layer, row) : npmAllowed(name, one, row);
  return allowed ? undefined : `${layer}/ may not import '${one.specifier}'. ${row.why}`;
}

function nodeAllowed(name: string, layer: string, row: Layer): boolean {
  const builtin = name.slice('node:'.length);
  if (layer === 'tools') return true;
  if (GRANTED_ONLY.includes(builtin.split('/')[0] ?? '')) return false;
  return row.node === 'all' || row.node.includes(builtin);
}

function npmAllowed(name: string, one: Import, row: Layer): boolean {
  return row.npm.includes(name) || (one.typeOnly && (row.npmTypes ?? []).includes(name));
}

const isRelative = (specifier: string): boolean => specifier.startsWith('.') || specifier.startsWith('/');

/** `node:fs/promises` stays whole; `zod/v4` is `zod`; `@a/b/c` is `@a/b`. */
function packageOf(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
