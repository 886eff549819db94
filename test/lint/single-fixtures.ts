import { type Fixture, importing } from './fixtures.ts';

/** Ways around the table, and the rules that are not about layers. */
export const SINGLE: readonly Fixture[] = [
  {
    path: 'src/agent/dynamic.ts',
    source: "export const a = () => import('../operator/good.ts');\n",
    complaint: 'may not import operator/',
  },
  {
    path: 'src/agent/reexport.ts',
    source: "export { thing } from '../operator/good.ts';\n",
    complaint: 'may not import operator/',
  },
  {
    path: 'src/agent/reexport-all.ts',
    source: "export * from '../operator/good.ts';\n",
    complaint: 'may not import operator/',
  },
  {
    path: 'src/agent/type.ts',
    source: "export type A = import('../operator/good.ts').Thing;\n",
    complaint: 'may not import operator/',
  },
  {
    path: 'src/agent/type-only.ts',
    source: "import type { Thing } from '../operator/good.ts';\nexport type A = Thing;\n",
    complaint: 'may not import operator/',
  },
  {
    path: 'src/agent/computed.ts',
    source: 'export const a = (name: string) => import(name);\n',
    complaint: 'takes a literal',
  },
  {
    path: 'src/agent/destructured.ts',
    source: 'const { env } = process;\nexport const a = env;\n',
    complaint: 'belongs in main.ts',
  },
  { path: 'src/kube/quoted.ts', source: "export const a = process['env'];\n", complaint: 'belongs in main.ts' },
  {
    path: 'src/agent/operator.test.ts',
    source: importing('../operator/good.ts'),
    complaint: 'may not import operator/',
  },
  { path: 'src/novel/file.ts', source: importing('node:fs'), complaint: 'has no row' },
  { path: 'src/main.ts', source: importing('./agent/good.ts'), complaint: 'main/ may not import agent/' },
  {
    path: 'tools/operator.ts',
    source: importing('../src/operator/good.ts'),
    complaint: 'tools/ may not import operator/',
  },
  { path: 'tools/cli.ts', source: importing('../src/cli/good.ts'), complaint: 'tools/ may not import cli/' },
  { path: 'tools/kube.ts', source: importing('../src/kube/good.ts'), complaint: 'tools/ may not import kube/' },
  { path: 'tools/test.ts', source: importing('../test/good.ts'), complaint: 'tools/ may not import test/' },
  {
    path: 'src/mesh/imports-testing.ts',
    source: importing('./shared.testing.ts'),
    complaint: 'Only tests import fakes',
  },
  { path: 'src/mesh/default.ts', source: 'export default 1;\n', complaint: 'named exports' },
  {
    path: 'src/mesh/cycle.ts',
    source: "import { b } from './cycle-other.ts';\nexport const a = () => b;\n",
    complaint: 'cycle',
  },
  {
    path: 'src/mesh/cycle-other.ts',
    source: "import { a } from './cycle.ts';\nexport const b = () => a;\n",
    complaint: 'cycle',
  },
  { path: 'src/agent/console.ts', source: "export const a = () => console.log('x');\n", complaint: 'console' },
  { path: 'src/agent/any.ts', source: 'export const a = (value: any) => value;\n', complaint: 'any' },
  { path: 'src/agent/bare-builtin.ts', source: importing('fs'), complaint: '`node:` protocol' },
  {
    path: 'src/agent/mock.test.ts',
    source: "import { vi } from 'vitest';\nvi.mock('x');\n",
    complaint: 'give the code a port',
  },
  {
    path: 'src/agent/skipped.test.ts',
    source: "import { test } from 'vitest';\ntest.skip('x', () => {});\n",
    complaint: 'Disabled test',
  },
  {
    path: 'src/agent/focused.test.ts',
    source: "import { test } from 'vitest';\ntest.only('x', () => {});\n",
    complaint: 'ocused',
  },
  {
    path: 'src/agent/floating.ts',
    source: 'async function go() {}\nexport function a() {\n  go();\n}\n',
    complaint: 'Promise',
  },
  {
    path: 'src/agent/many.ts',
    source: 'export const a = (b: number, c: number, d: number, e: number) => b + c + d + e;\n',
    complaint: 'arameters',
  },
];
