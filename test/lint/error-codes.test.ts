import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { ERRORS } from '../../src/runtime/error.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const sources = await readSources();

test('every code of the table can happen', () => {
  const all = sources.map(({ text }) => text).join('\n');
  expect(Object.keys(ERRORS).filter((code) => !all.includes(`'${code}'`))).toEqual([]);
});

test('every error has a code of the table', () => {
  const thrown = sources.flatMap(({ path, text }) =>
    [...text.matchAll(/new PeerwrightError\(\s*'([^']*)'/g)].map(([, code = '']) => ({ path, code })),
  );
  expect(thrown.length).toBeGreaterThan(20);
  expect(thrown.filter(({ code }) => !Object.hasOwn(ERRORS, code))).toEqual([]);
});

/** What can run, without tests and without the tables themselves. */
async function readSources() {
  const trees = await Promise.all(['src', 'tools'].map((tree) => readdir(join(ROOT, tree), { recursive: true })));
  const paths = trees.flatMap((names, index) => names.map((name) => join(index === 0 ? 'src' : 'tools', name)));
  const running = paths.filter(
    (path) => path.endsWith('.ts') && !/\.test(ing)?\.ts$|\/error-codes[\w-]*\.ts$/.test(path),
  );
  return Promise.all(running.map(async (path) => ({ path, text: await readFile(join(ROOT, path), 'utf8') })));
}
