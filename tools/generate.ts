import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { GENERATORS, type Generator } from './generate/generators.ts';

/**
 * Writes every generated file of the repository. With `--check` it writes nothing, prints what is out of date and
 * exits 1 when something is.
 */
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const root = join(import.meta.dirname, '..');
const stale = await outOfDate(GENERATORS);

for (const { file, text } of stale) {
  process.stdout.write(`${values.check ? 'out of date: ' : 'wrote '}${file}\n`);
  if (!values.check) await write(file, text);
}
if (values.check && stale.length > 0) {
  process.stdout.write('run `make generate` and commit the result\n');
  process.exitCode = 1;
}

async function outOfDate(generators: readonly Generator[]) {
  const rendered = await Promise.all(
    generators.map(async ({ file, render }) => ({ file, text: render(), current: await currentText(file) })),
  );
  return rendered.filter(({ text, current }) => text !== current);
}

async function currentText(file: string): Promise<string | undefined> {
  try {
    return await readFile(join(root, file), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, file)), { recursive: true });
  await writeFile(join(root, file), text);
}
