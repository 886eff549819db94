/**
 * The oxlint plugin that holds the repository's own rules. oxlint's `no-restricted-imports` has neither look-around
 * nor paths relative to the importing file, so it could only deny by pattern; this one resolves and allows by table.
 */
import { relative, resolve } from 'node:path';
import { isEntry, isTest, layerOf, verdict } from './verdict.ts';

const ROOT = resolve(import.meta.dirname, '../..');

interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

interface Context {
  readonly filename: string;
  report(problem: { readonly node: Node; readonly message: string }): void;
}

type Visitor = Readonly<Record<string, (node: Node) => void>>;

/** `process` members that only a main.ts touches: what comes from outside, and how the program ends. */
const PROCESS_MEMBERS = new Set([
  'env',
  'argv',
  'argv0',
  'execArgv',
  'exit',
  'exitCode',
  'on',
  'once',
  'kill',
  'abort',
]);

function imports(context: Context): Visitor {
  const from = relative(ROOT, context.filename);
  const check = (node: Node, kind?: unknown) => {
    const specifier = literal(node['source']);
    if (specifier === undefined) return;
    const message = verdict({ from, specifier, typeOnly: kind === 'type' });
    if (message !== undefined) context.report({ node, message });
  };
  return {
    ImportDeclaration: (node) => check(node, node['importKind']),
    ExportAllDeclaration: (node) => check(node, node['exportKind']),
    ExportNamedDeclaration: (node) => check(node, node['exportKind']),
    ImportExpression: (node) => {
      check(node);
      if (literal(node['source']) === undefined && from.startsWith('src/') && from !== 'src/main.ts' && !isTest(from))
        context.report({ node, message: 'import() takes a literal here, so that the layers can be checked.' });
    },
    TSImportType: (node) => check(node, 'type'),
  };
}

function processOnlyInMain(context: Context): Visitor {
  const path = relative(ROOT, context.filename);
  if (!path.startsWith('src/') || isEntry(path) || isTest(path)) return {};
  const report = (node: Node, what: string) =>
    context.report({ node, message: `${what} belongs in main.ts; take the value as a parameter.` });
  return {
    MemberExpression: (node) => {
      const member = literal(node['property']) ?? nameOf(node['property']);
      if (nameOf(node['object']) === 'process' && member !== undefined && PROCESS_MEMBERS.has(member))
        report(node, `process.${member}`);
    },
    VariableDeclarator: (node) => {
      if (nameOf(node['init']) === 'process') report(node, 'process');
    },
  };
}

function pure(context: Context): Visitor {
  const path = relative(ROOT, context.filename);
  if (layerOf(path) !== 'mesh' || isTest(path)) return {};
  const check = (node: Node) => {
    if (node['async'] === true) context.report({ node, message: 'mesh/ is pure: no promises.' });
  };
  return { FunctionDeclaration: check, FunctionExpression: check, ArrowFunctionExpression: check };
}

/** The text of a string literal or of a template without values. */
function literal(value: unknown): string | undefined {
  if (!isNode(value)) return undefined;
  return value.type === 'Literal' && typeof value['value'] === 'string' ? value['value'] : undefined;
}

function nameOf(value: unknown): string | undefined {
  return isNode(value) && value.type === 'Identifier' ? String(value['name']) : undefined;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}

// oxlint loads a plugin by its default export.
export default {
  meta: { name: 'peerwright' },
  rules: {
    imports: { create: imports },
    'process-only-in-main': { create: processOnlyInMain },
    pure: { create: pure },
  },
};
