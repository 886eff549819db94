import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { LAYERS } from '../../tools/lint/layers.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const TREES = /^(src|tools|test|docs|deploy|crds)\/[\w./-]*$/;

const names = async (folder: string): Promise<string[]> =>
  (await readdir(join(ROOT, folder))).filter((name) => name.endsWith('.md')).map((name) => join(folder, name));

const DOCUMENTS = [...(await names('')), ...(await names('docs/adr')), ...(await names('docs/guide'))];

test.each(DOCUMENTS)('%s names only files and folders that exist', async (document) => {
  const text = await readFile(join(ROOT, document), 'utf8');
  const code = [...text.matchAll(/`([^`\s]+)`/g)].map(([, path]) => path ?? '').filter((path) => TREES.test(path));
  const links = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
    .map(([, target]) => target ?? '')
    .filter((target) => !target.includes('://') && !target.startsWith('NNNN'))
    .map((target) => join(dirname(document), target));
  expect([...code, ...links].filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

test('the index lists every guide', async () => {
  const index = await readFile(join(ROOT, 'docs/guide/README.md'), 'utf8');
  const guides = (await names('docs/guide')).map((path) => path.replace('docs/guide/', ''));
  expect(guides.filter((name) => name !== 'README.md' && !index.includes(`(${name})`))).toEqual([]);
});

test('the index lists every decision', async () => {
  const index = await readFile(join(ROOT, 'docs/adr/README.md'), 'utf8');
  const decisions = DOCUMENTS.filter((path) => /\/\d{4}-/.test(path)).map((path) => path.replace('docs/adr/', ''));
  expect(decisions.filter((name) => !index.includes(`(${name})`))).toEqual([]);
});

test('the layer table of ARCHITECTURE.md is the one that the linter holds', async () => {
  const text = await readFile(join(ROOT, 'ARCHITECTURE.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `(\w+)` \|[^|]*\| ([^|]*) \|/gm)].map(([, name, layers]) => ({ name, layers }));
  expect(rows.length).toBeGreaterThan(8);
  for (const { name, layers } of rows) {
    const listed = layers === '–' ? [] : (layers ?? '').split(', ');
    expect({ name, layers: listed.toSorted() }).toEqual({
      name,
      layers: [...(LAYERS[name ?? '']?.layers ?? [])].toSorted(),
    });
  }
});
