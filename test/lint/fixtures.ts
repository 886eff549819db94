/** What the linter must refuse and allow, written down a second time and by hand: the point is to disagree with the config. */

export interface Fixture {
  /** Where the file is put, from the root. */
  readonly path: string;
  readonly source: string;
  /** Part of the complaint that is expected; absent when the file must pass. */
  readonly complaint?: string;
}

/** The layer table: a row may import the layers named, and nothing else of src/. */
const TABLE: Readonly<Record<string, string>> = {
  api: '',
  mesh: 'api',
  keys: 'mesh runtime',
  dataplane: 'mesh runtime',
  kube: 'runtime',
  runtime: '',
  operator: 'api mesh keys kube runtime',
  agent: 'api mesh keys dataplane kube runtime',
  userspace: 'mesh dataplane runtime',
  enroll: 'api mesh keys kube runtime',
  tunnel: 'api mesh keys dataplane runtime',
  cli: 'api mesh keys kube runtime',
};

/** The npm column; every other package is refused. */
const PACKAGES: Readonly<Record<string, string>> = {
  api: 'zod',
  mesh: 'ip-address',
  keys: 'age-encryption',
  dataplane: '',
  kube: 'undici yaml',
  runtime: 'pino zod prom-client',
  operator: 'zod',
  agent: 'zod',
  userspace: 'zod',
  enroll: 'zod fastify',
  tunnel: 'zod undici',
  cli: 'zod commander yaml uqr',
};
const ALL_PACKAGES =
  'zod ip-address age-encryption undici pino prom-client fastify commander yaml uqr @kubernetes/client-node left-pad';

/** The node:* column; `node:child_process` is refused in every row. */
const BUILTINS: Readonly<Record<string, string>> = {
  api: '',
  mesh: '',
  keys: 'crypto',
  dataplane: 'crypto net fs dns',
  kube: 'net fs http crypto os',
  runtime: 'net fs http crypto os',
  operator: 'crypto',
  agent: 'net fs http crypto os',
  userspace: 'net fs http crypto os',
  enroll: 'http crypto',
  tunnel: 'net fs http crypto os',
  cli: 'net fs http crypto os',
};
const ALL_BUILTINS = 'net fs http crypto os dns child_process worker_threads process module';
/** Allowed where the column says all. */
const OPEN = 'dns';

const LAYERS = Object.keys(TABLE);
const words = (text: string | undefined): readonly string[] => (text ?? '').split(' ').filter((word) => word !== '');

/** A module that imports one thing and uses it. */
export const importing = (specifier: string): string =>
  `import { thing } from '${specifier}';\nexport const copy = [thing];\n`;

const refusedLayers: readonly Fixture[] = LAYERS.flatMap((from) =>
  [...LAYERS.filter((to) => to !== from && !words(TABLE[from]).includes(to)), 'main'].flatMap((to) => [
    {
      path: `src/${from}/imports-${to}.ts`,
      source: importing(to === 'main' ? '../main.ts' : `../${to}/good.ts`),
      complaint: `${from}/ may not import ${to}/`,
    },
    {
      path: `src/${from}/deeper/imports-${to}.ts`,
      source: importing(to === 'main' ? '../../main.ts' : `../../${to}/good.ts`),
      complaint: `${from}/ may not import ${to}/`,
    },
  ]),
);

const refusedModules: readonly Fixture[] = LAYERS.flatMap((from) => {
  const builtins = words(BUILTINS[from]);
  const open = builtins.includes('os') ? [...builtins, OPEN] : builtins;
  return [
    ...words(ALL_PACKAGES).filter((name) => !words(PACKAGES[from]).includes(name)),
    ...words(ALL_BUILTINS)
      .filter((name) => !open.includes(name))
      .map((name) => `node:${name}`),
  ].map((name) => ({
    path: `src/${from}/imports-${name.replaceAll(/\W/g, '-')}.ts`,
    source: importing(name),
    complaint: `${from}/ may not import '${name}'`,
  }));
});

const refusedTrees: readonly Fixture[] = LAYERS.flatMap((from) => [
  {
    path: `src/${from}/imports-tools.ts`,
    source: importing('../../tools/good.ts'),
    complaint: 'may not import tools/',
  },
  { path: `src/${from}/imports-test.ts`, source: importing('../../test/good.ts'), complaint: 'may not import test/' },
  {
    path: `src/${from}/imports-tools.test.ts`,
    source: importing('../../tools/good.ts'),
    complaint: 'may not import tools/',
  },
]);

const refusedFakes: readonly Fixture[] = ['dataplane', 'agent', 'tunnel', 'userspace'].map((from) => ({
  path: `src/${from}/imports-fake.ts`,
  source: importing(from === 'dataplane' ? './fake.ts' : '../dataplane/fake.ts'),
  complaint: 'Only tests import fakes',
}));

const refusedProcess: readonly Fixture[] = LAYERS.filter((layer) => layer !== 'mesh').flatMap((layer) =>
  ['env', 'argv', 'exit', 'exitCode', 'on', 'once', 'kill'].map((member) => ({
    path: `src/${layer}/uses-process-${member}.ts`,
    source: `export const value = process.${member};\n`,
    complaint: `process.${member} belongs in main.ts`,
  })),
);

const refusedInMesh: readonly Fixture[] = [
  ['process', 'process.env', 'take the value'],
  ['globalThis', 'globalThis.name', 'take the value'],
  ['fetch', 'fetch', 'no I/O'],
  ['crypto', 'crypto.randomUUID()', 'no randomness'],
  ['date', 'Date.now()', 'take the time'],
  ['new-date', 'new Date()', 'take the time'],
  ['performance', 'performance.now()', 'take the time'],
  ['timeout', 'setTimeout', 'no timers'],
  ['interval', 'setInterval', 'no timers'],
  ['immediate', 'setImmediate', 'no timers'],
  ['microtask', 'queueMicrotask', 'no timers'],
  ['promise', 'Promise.resolve(1)', 'no promises'],
  ['async', 'async () => 1', 'no promises'],
  ['random', 'Math.random()', 'randomness is a parameter'],
].map(([name, expression, complaint]) => ({
  path: `src/mesh/uses-${name}.ts`,
  source: `export const value = ${expression};\n`,
  complaint: `mesh/ is pure: ${complaint}`,
}));

export const BAD: readonly Fixture[] = [
  ...refusedLayers,
  ...refusedModules,
  ...refusedTrees,
  ...refusedFakes,
  ...refusedProcess,
  ...refusedInMesh,
];

/** A file that imports everything its row allows. */
const goodLayer = (layer: string): Fixture => {
  const specifiers = [
    ...words(TABLE[layer]).map((to) => `../${to}/good.ts`),
    ...words(PACKAGES[layer]),
    ...words(BUILTINS[layer]).map((name) => `node:${name}`),
  ];
  const lines = specifiers.map((specifier, index) => `import { a as a${index} } from '${specifier}';`);
  const names = specifiers.map((_, index) => `a${index}`).join(', ');
  return { path: `src/${layer}/good.ts`, source: [...lines, `export const a: unknown[] = [${names}];`, ''].join('\n') };
};

const clientType = "import type { V1Node } from '@kubernetes/client-node';\nexport type A = V1Node;\n";

export const GOOD: readonly Fixture[] = [
  ...LAYERS.map(goodLayer),
  { path: 'src/dataplane/exec.ts', source: importing('node:child_process') },
  { path: 'src/kube/exec-plugin.ts', source: importing('node:child_process') },
  { path: 'src/dataplane/fake.ts', source: importing('../mesh/good.ts') },
  { path: 'src/agent/fake.ts', source: importing('../dataplane/fake.ts') },
  { path: 'src/dataplane/fake.test.ts', source: importing('./fake.ts') },
  { path: 'src/agent/fake.test.ts', source: importing('../dataplane/fake.ts') },
  { path: 'src/agent/support.test.ts', source: importing('../../test/support/good.ts') },
  { path: 'src/mesh/property.test.ts', source: importing('fast-check') },
  { path: 'src/mesh/deeper/own.ts', source: importing('../good.ts') },
  { path: 'src/mesh/shared.testing.ts', source: importing('fast-check') },
  { path: 'src/mesh/shared.test.ts', source: importing('./shared.testing.ts') },
  { path: 'src/main.test.ts', source: importing('node:child_process') },
  { path: 'src/kube/types.ts', source: clientType },
  { path: 'src/operator/types.ts', source: clientType },
  { path: 'src/kube/config.ts', source: "export const a = () => import('@kubernetes/client-node');\n" },
  { path: 'src/agent/main.ts', source: 'export const a = [process.env, process.argv, process.exitCode];\n' },
  { path: 'src/cli/program.ts', source: importing('./good.ts') },
  { path: 'src/operator/policies/good.ts', source: importing('../good.ts') },
  { path: 'test/support/good.ts', source: importing('../../src/operator/good.ts') },
  { path: 'test/lint/starts.ts', source: importing('node:child_process') },
  { path: 'tools/good.ts', source: importing('../src/operator/policies/good.ts') },
  { path: 'tools/starts.ts', source: importing('node:child_process') },
  { path: 'tools/command-tree.ts', source: importing('../src/cli/program.ts') },
  { path: 'tools/options.ts', source: importing('../src/agent/config.ts') },
  { path: 'tools/counts.ts', source: importing('../src/kube/request-metrics.ts') },
  { path: 'tools/contract.ts', source: importing('../src/api/good.ts') },
];
