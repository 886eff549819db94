import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { BAD as BY_TABLE, type Fixture, GOOD } from './fixtures.ts';
import { SINGLE } from './single-fixtures.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** The linter's own files: its config, and the plugin that the config names. */
const LINTER = ['.oxlintrc.json', 'tsconfig.json', 'package.json', 'tools/lint'];

const BAD = [...BY_TABLE, ...SINGLE];

const Output = z.object({
  diagnostics: z.array(z.object({ message: z.string(), help: z.string().default(''), filename: z.string() })),
});

let folder = '';
let complaints = new Map<string, string[]>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peerwright-lint-'));
  for (const path of LINTER) await cp(join(ROOT, path), join(folder, path), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  await Promise.all([...BAD, ...GOOD].map((fixture) => put(fixture)));
  complaints = await lint();
}, 30_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(BAD)('$path is refused: $complaint', ({ path, complaint }) => {
  expect(complaints.get(path) ?? []).toContainEqual(expect.stringContaining(complaint ?? ''));
});

test.each(GOOD)('$path is allowed', ({ path }) => {
  expect(complaints.get(path) ?? []).toEqual([]);
});

async function put({ path, source }: Fixture): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), source, { flag: 'wx' });
}

/** One run over the whole tree; complaints by file. */
async function lint(): Promise<Map<string, string[]>> {
  const text = await new Promise<string>((done, failed) => {
    execFile(
      join(ROOT, 'node_modules/.bin/oxlint'),
      ['-f', 'json', 'src', 'tools', 'test'],
      { cwd: folder, maxBuffer: 1 << 26 },
      (error, stdout) => (stdout === '' ? failed(error ?? new Error('oxlint printed nothing')) : done(stdout)),
    );
  });
  const found = new Map<string, string[]>();
  for (const { filename, message, help } of Output.parse(JSON.parse(text)).diagnostics)
    found.set(filename, [...(found.get(filename) ?? []), `${message} ${help}`.trim()]);
  return found;
}
