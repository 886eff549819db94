import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stepsOf } from '../support/guide.ts';
import { Readers } from './guides.testing.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** In the order in which they are to be read: each cleans up, and the first guide makes the namespace of the others. */
const DOCUMENTS = [
  'README.md',
  ...['first-gateway', 'laptops', 'sites', 'reach'].map((name) => `docs/guide/${name}.md`),
];

let readers: Readers;
beforeAll(async () => {
  readers = await Readers.start();
}, 180_000);
afterAll(() => readers?.[Symbol.asyncDispose](), 60_000);

test.each(DOCUMENTS)('%s does what it says, command by command', async (name) => {
  const steps = stepsOf(await readFile(join(ROOT, name), 'utf8'));
  expect(steps.filter(({ type }) => type === 'run').length).toBeGreaterThan(5);
  for (const step of steps) await readers.follow(step);
});
