import { spawn } from 'node:child_process';
import { constants } from 'node:os';

export interface CommandOptions {
  readonly input?: string;
  readonly cwd?: string;
  /** Complete environment of the child; omitted = this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** After this the program and its children get SIGKILL; default 60,000. */
  readonly timeoutMs?: number;
  /** Ends the program and its children with SIGKILL. */
  readonly signal?: AbortSignal;
  /** Sees standard error as it arrives, besides its collection. */
  readonly onStderr?: (text: string) => void;
}

export interface CommandResult {
  /** Exit code; 128 + n when signal n ended it (as a shell says it); 127 when the program could not be started. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end. Never throws for a failing program: the code says it. The program has a session of its own:
 * Ctrl-C in a terminal reaches only us, so that what cleans up is not interrupted; `signal` ends it with its children.
 */
export function runCommand(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    cwd: options.cwd,
    env: options.env,
    detached: true,
  });
  const kill = (): void => killGroup(child.pid);
  const timer = setTimeout(kill, options.timeoutMs ?? 60_000);
  options.signal?.addEventListener('abort', kill);
  if (options.signal?.aborted) kill();
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => {
    stderr.push(chunk);
    options.onStderr?.(chunk.toString());
  });
  // A program that ends without reading its input is no failure of ours.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  return new Promise((resolve) => {
    let startError = '';
    child.on('error', (error) => (startError = error.message));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', kill);
      resolve({
        code: child.pid === undefined ? 127 : (code ?? 128 + signalNumber(signal)),
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString() + startError,
      });
    });
  });
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === null ? 0 : (constants.signals[signal] ?? 0);
}
