import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { KINDS } from '../../src/api/v1alpha1/index.ts';
import { isLike, stepsOf } from '../support/guide.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const guides = (await readdir(join(ROOT, 'docs/guide'))).filter((name) => name !== 'README.md');
const documents = await Promise.all(
  ['README.md', ...guides.map((name) => `docs/guide/${name}`)].map(async (name) => {
    const text = await readFile(join(ROOT, name), 'utf8');
    return { name, text, steps: stepsOf(text) };
  }),
);
const commands = documents.flatMap(({ steps }) => steps.flatMap((step) => (step.type === 'run' ? [step.command] : [])));

test.each(documents)('$name has commands that a test runs, and files that the schemas take', ({ steps }) => {
  expect(steps.filter(({ type }) => type === 'run')).not.toEqual([]);
  const files = steps.filter((step) => step.type === 'save');
  for (const document of files.flatMap(({ text }) => parseAllDocuments(text))) {
    const object = document.toJS();
    const kind = KINDS.find((known) => known.kind === object.kind);
    expect(kind?.check(object)).toEqual([]);
  }
});

test.each(documents)('$name has no whole command in its sentences that is run nowhere', ({ text }) => {
  const inSentences = [
    ...text.replaceAll(/^```.*?^```$/gms, '').matchAll(/`((?:kubectl|peerwright|sudo|wg|nft) [^`]+)`/g),
  ];
  const whole = inSentences
    .map(([, command = '']) => command.replaceAll(/\s+/g, ' '))
    .filter((command) => command.split(' ').length > 3);
  expect(whole.filter((command) => !commands.includes(command))).toEqual([]);
});

test('a guide is its files and its commands, each with what it shows', () => {
  const text = [
    'Save this as',
    '`a.yaml`:\n',
    '```yaml',
    'a: 1',
    '```\n',
    '```console',
    '$ one',
    'first',
    'second',
    'laptop$ two',
    '```\n',
    '<!-- fails -->\n',
    '```console',
    '$ three',
    '```',
  ].join('\n');
  expect(stepsOf(text)).toEqual([
    { type: 'save', file: 'a.yaml', text: 'a: 1\n' },
    { type: 'run', machine: '', command: 'one', output: ['first', 'second'], fails: false },
    { type: 'run', machine: 'laptop', command: 'two', output: [], fails: false },
    { type: 'run', machine: '', command: 'three', output: [], fails: true },
  ]);
  expect(stepsOf('<!-- refused -->\n\n```yaml\na: 1\n```\n\n```\na: no\n```')).toEqual([]);
  expect(() => stepsOf('```\nlaptop$ reboot\n```')).toThrow('no test runs what is not marked');
  expect(() => stepsOf('```sh\nreboot\n```')).toThrow('no test runs a block of sh');
  expect(() => stepsOf('Some YAML:\n\n```yaml\na: 1\n```')).toThrow('no file is named');
});

test.each([
  {
    shown: ['edge   True    198.18.3.11:51840   node-a   1   4s'],
    printed: 'edge  True  10.0.0.1:1  node-a  1  90s\n',
  },
  { shown: ['a', '…', 'd'], printed: 'a\nb\nc\nd\n' },
  { shown: ['a', '…'], printed: 'a\n' },
  { shown: ['"laptop" deleted …'], printed: '"laptop" deleted from net namespace\n' },
  { shown: ['', 'a  ', '', 'b'], printed: 'a\n\nb' },
])('$printed is like $shown', ({ shown, printed }) => {
  expect(isLike(printed, shown)).toBe(true);
});

test.each([
  { shown: ['edge   True    4s'], printed: 'edge   False   4s' },
  { shown: ['3 received, 0% packet loss'], printed: '3 received, 100% packet loss' },
  { shown: ['PEERS 2'], printed: 'PEERS 1' },
  { shown: ['a', 'b'], printed: 'a' },
  { shown: ['a'], printed: 'a\nb' },
  { shown: ['a…b'], printed: 'a.b' },
])('$printed is not like $shown', ({ shown, printed }) => {
  expect(isLike(printed, shown)).toBe(false);
});
