import { version } from '../runtime/version.ts';
import type { Actions } from './actions.ts';
import { EXIT_CODE } from './failure.ts';
import type { ProcessName } from './program.ts';
import { runProgram } from './run-program.ts';
import { Terminal } from './terminal.ts';

interface Source {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** What else this program can be, for its help. */
  readonly processes: readonly ProcessName[];
}

/** Exit codes of programs that a signal ended. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

/** `peerwright COMMAND` and `kubectl peerwright COMMAND`: what people type. Resolves to the exit code, never rejects. */
export async function main({ argv, env, processes }: Source): Promise<number> {
  const terminal = new Terminal({ stdout: process.stdout, stderr: process.stderr, env });
  const stop = new AbortController();
  const name = env['KUBECTL_PEERWRIGHT'] === undefined ? 'peerwright' : 'kubectl peerwright';
  const deps = { env, terminal, signal: stop.signal };
  const program = {
    name,
    version: version(),
    actions: actionsOf(deps),
    processes,
    columns: process.stdout.columns ?? 100,
  };
  try {
    return await Promise.race([signalled(), outputClosed(), runProgram(argv, program, deps)]);
  } finally {
    stop.abort();
  }
}

/** Each loads its own code: what one needs, the others do not wait for. */
function actionsOf(deps: { env: NodeJS.ProcessEnv; terminal: Terminal; signal: AbortSignal }): Actions {
  const { terminal } = deps;
  return {
    status: async (names, options) => (await import('./status/run.ts')).status(names, options, deps),
    config: async (peer, options) => (await import('./config/run.ts')).config(peer, options, deps),
    graph: async (options) => (await import('./graph/run.ts')).graph(options, deps),
    explain: async (reason) => (await import('./explain.ts')).explain(reason, deps),
    version: async () => {
      await terminal.printRaw(`peerwright ${version()}\n`);
      return EXIT_CODE.clean;
    },
    completion: async (shell) => {
      const { completionScript } = await import('./completion/scripts.ts');
      await terminal.printRaw(completionScript(shell));
      return EXIT_CODE.clean;
    },
  };
}

function signalled(): Promise<number> {
  return new Promise((resolve) => {
    for (const [signal, code] of Object.entries(SIGNALS)) process.once(signal, () => resolve(code));
  });
}

/** Whoever reads our output has seen enough: nothing is wrong. Anything else, such as a full disk, is. */
function outputClosed(): Promise<number> {
  return new Promise((resolve) => {
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') return resolve(EXIT_CODE.clean);
      process.stderr.write(`error: the output cannot be written (${error.code})\n`);
      resolve(EXIT_CODE.failed);
    });
    process.stderr.on('error', () => undefined);
  });
}
