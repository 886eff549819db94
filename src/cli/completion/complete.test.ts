import { expect, test } from 'vitest';
import type { Actions } from '../actions.ts';
import { createProgram } from '../program.ts';
import { complete, type Given, type NameKind, printed } from './complete.ts';

const program = createProgram({
  name: 'peerwright',
  version: '1',
  actions: {} as Actions,
  processes: [{ name: 'operator', does: 'decides' }],
  onExit: () => undefined,
  writeOut: () => undefined,
  columns: 80,
});

/** The words before the cursor, the last one unfinished; what was asked of the cluster is in `asked`. */
async function completed(...words: string[]) {
  const asked: [NameKind, Record<string, string>][] = [];
  const { candidates, files } = await complete(program, words, async (kind, given: Given) => {
    asked.push([kind, Object.fromEntries(given)]);
    return ['laptop', 'lamp', 'phone', 'la\n:0', 'la\u001B[2J'];
  });
  return { values: candidates.map(({ value }) => value), files, asked };
}

test.each([
  [[''], ['status', 'config', 'graph', 'explain', 'version', 'completion']],
  [['co'], ['config', 'completion']],
  [['--name'], ['--namespace']],
  [['-n', 'net', 'gr'], ['graph']],
  [
    ['status', '--n'],
    ['--not-ready', '--namespace'],
  ],
  [
    ['status', '-o', ''],
    ['table', 'wide', 'json', 'yaml'],
  ],
  [['graph', '--output', 'd'], ['dot']],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish'],
  ],
  [['completion', 'bash', ''], []],
  [['graph', '--output=d'], ['dot']],
  [['status', '--watch='], []],
  [['--he'], ['--help']],
  [
    ['nonsense', ''],
    ['status', 'config', 'graph', 'explain', 'version', 'completion'],
  ],
])('after %j comes one of %j', async (words, values) => {
  expect(await completed(...words)).toEqual({ values, files: false, asked: [] });
});

test.each<[string[], NameKind]>([
  [['config', 'la'], 'peers'],
  [['status', 'la'], 'gateways and peers'],
  [['status', 'x', 'la'], 'gateways and peers'],
  [['status', '--gateway', 'la'], 'gateways'],
  [['explain', 'la'], 'reasons'],
  [['-n', 'la'], 'namespaces'],
  [['status', '--gateway=la'], 'gateways'],
  [['--context', 'la'], 'contexts'],
])('for the end of %j, names of %s are asked for', async (words, kind) => {
  expect(await completed(...words)).toEqual({ values: ['laptop', 'lamp'], files: false, asked: [[kind, {}]] });
});

test('the cluster is asked as the words before say, and a name that is there is not offered again', async () => {
  const { asked, values } = await completed('-n', 'net', '--context=prod', 'status', '-A', 'lamp', 'la');
  expect(asked).toEqual([['gateways and peers', { namespace: 'net', context: 'prod' }]]);
  expect(values).toEqual(['laptop']);
});

test.each([[['--kubeconfig', '']], [['config', 'x', '--out', '']]])('%j is left to the shell', async (words) => {
  expect(await completed(...words)).toEqual({ values: [], files: true, asked: [] });
});

test('what is printed has descriptions behind tabs, and whether files fit at the end', () => {
  const candidates = [
    { value: 'a', description: 'first' },
    { value: 'b', description: '' },
  ];
  expect(printed({ candidates, files: false })).toBe('a\tfirst\nb\n:4\n');
  expect(printed({ candidates: [], files: true })).toBe(':0\n');
});
