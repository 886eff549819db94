import { PeerwrightError } from '../../src/runtime/error.ts';
import { runDemo } from './demo.ts';
import { Progress } from './progress.ts';
import { needsRoot } from './root.ts';

/** Exit codes as a shell gives them to a program that a signal ended. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * `make demo`: stays until Ctrl-C; `DEMO_ONCE=1` ends by itself. Exits 0; 1 when something failed; 130 after Ctrl-C.
 * Everything it made is removed in any case.
 */
async function main(): Promise<number> {
  const problem = needsRoot(process.getuid?.());
  if (problem !== undefined) return fail(problem);
  const interrupted = new AbortController();
  let exit: number | undefined;
  const progress = new Progress(process.stdout, () => performance.now());
  const interrupt = (code: number): void => {
    if (exit !== undefined) return;
    exit = code;
    progress.keep();
    progress.print('Stopping; this takes a few seconds.');
    interrupted.abort();
  };
  for (const [name, code] of Object.entries(SIGNALS)) process.on(name, () => interrupt(code));
  // Whoever read this has gone, like `head`; nobody would see more.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => interrupt(SIGNALS.SIGHUP));
  try {
    const once = !['', '0'].includes(process.env['DEMO_ONCE'] ?? '');
    await runDemo({ once, env: process.env, progress, signal: interrupted.signal });
    return exit ?? 0;
  } catch (error) {
    return exit ?? fail(`The demo failed: ${textOf(error)}`);
  }
}

function textOf(error: unknown): string {
  if (!(error instanceof PeerwrightError)) throw error;
  if (error.code === 'LabInUse') return 'another one is running on this machine; end that one first';
  return [error.message.trim(), ...(error.hint === undefined ? [] : [error.hint])].join('\n');
}

function fail(message: string): number {
  process.stderr.write(`${message}\n`);
  return 1;
}

process.exitCode = await main();
