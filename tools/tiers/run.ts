import { spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { type Counts, countReport } from './tally.ts';

const FAILED: Counts = { passed: 0, failed: 1, skipped: 0 };

/** Runs the tests of one vitest project and counts them; what vitest prints is shown as it comes. */
export async function runVitest(project: string, env: NodeJS.ProcessEnv): Promise<Counts> {
  return inFolder(async (folder) => {
    const file = join(folder, 'report.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const { code } = await run(['vitest', 'run', '--project', project, '--passWithNoTests', ...reporters], { env });
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text !== undefined) return countReport(text, code);
    return code === 0 ? { passed: 0, failed: 0, skipped: 0 } : FAILED;
  });
}

/** How many tests a project has, without running them. */
export async function countTests(project: string, env: NodeJS.ProcessEnv): Promise<number> {
  return inFolder(async (folder) => {
    const file = join(folder, 'list.json');
    const { code } = await run(['vitest', 'list', '--project', project, `--json=${file}`], { env, stdio: 'ignore' });
    const text = code === 0 ? await readFile(file, 'utf8').catch(() => '[]') : '[]';
    return z.array(z.unknown()).parse(JSON.parse(text)).length;
  });
}

/** Format, lint, types, unused code, generated files: no tests, so only a failure counts. */
export async function runStatic(env: NodeJS.ProcessEnv): Promise<Counts> {
  const { code } = await run(['make', '--no-print-directory', 'static'], { env });
  return code === 0 ? { passed: 0, failed: 0, skipped: 0 } : FAILED;
}

/** Runs a preparation that prints one line, such as a folder; its progress is shown. Undefined when it failed. */
export async function prepare(script: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const { code, stdout } = await run(['node', script], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  return code === 0 ? stdout.trim() : undefined;
}

interface RunOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly stdio?: StdioOptions;
}

async function run([program, ...args]: readonly [string, ...string[]], { env, stdio = 'inherit' }: RunOptions) {
  const child = spawn(program, args, { env, stdio });
  let stdout = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  const [code] = await once(child, 'close');
  return { code: typeof code === 'number' ? code : 1, stdout };
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'peerwright-tiers-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
