import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PeerwrightError } from '../../src/runtime/error.ts';
import { ensureLinuxTools } from '../lab/linux-tools.ts';
import { runInGuest } from './guest.ts';
import { debianKernel } from './kernel.ts';

/**
 * `node tools/qemu/main.ts [FILE…]` runs the tests of test/kernel, or those of them whose path contains one of the
 * words, on Debian's kernel in an emulated machine. Exits as vitest does, or with 1 when it did not get that far.
 */
const REPOSITORY = join(import.meta.dirname, '../..');
const CONFIG = fileURLToPath(import.meta.resolve('../../test/kernel/vitest.config.ts'));
const TIMEOUT_MS = 20 * 60_000;

async function main(words: readonly string[]): Promise<number> {
  await ensureLinuxTools(['wg', 'nft', 'ip', 'ping'], { log });
  const kernel = await debianKernel(join(REPOSITORY, '.work/qemu'), log);
  log(`Starting ${kernel.release} in qemu`);
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const code = await runInGuest({ kernel, script: testScript(words), signal });
  if (code === undefined) log('The guest ended before its tests did.');
  return code ?? 1;
}

/** CI: the reporter that only adds lines, for a serial port is no terminal to go back in. */
function testScript(words: readonly string[]): string {
  const argv = [process.execPath, 'node_modules/vitest/vitest.mjs', 'run', `--config=${CONFIG}`];
  return `cd ${quoted(REPOSITORY)}
export CI=1 NO_COLOR=1
exec ${[...argv, '--reporter=verbose', ...words].map(quoted).join(' ')}
`;
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof PeerwrightError)) throw error;
  log(`${error.message}. ${error.hint ?? ''}`);
  process.exitCode = 1;
}
