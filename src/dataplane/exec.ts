import { spawn } from 'node:child_process';
import { PeerwrightError } from '../runtime/error.ts';

export interface RunOptions {
  readonly signal: AbortSignal;
  /** What the program reads from its standard input. */
  readonly input?: string;
  /** Open files that the program finds at `/dev/fd/3`, `/dev/fd/4` and so on. */
  readonly descriptors?: readonly number[];
  /** The program may quote a secret when it complains: its output is then left out of the error. */
  readonly withholdOutput?: boolean;
  /** Exit codes besides 0 that are no failure. */
  readonly exitCodes?: readonly number[];
  /** Default 10 seconds. */
  readonly timeoutMs?: number;
}

/**
 * Runs a program to its end. Secrets go through `input` or `descriptors`, never through `args`.
 * Throws ProgramFailed when it cannot be started, exits other than with 0 or one of `exitCodes`, or takes too long.
 */
export type Run = (program: string, args: readonly string[], options: RunOptions) => Promise<{ stdout: string }>;

/** A program that did not do what it was asked. Never holds what was written to it. */
export class ProgramFailed extends PeerwrightError {
  override readonly name: string = 'ProgramFailed';
  readonly program: string;
  /** Absent when the program was not found or was killed. */
  readonly exitCode: number | undefined;
  readonly stderr: string;

  constructor(program: string, end: { readonly exitCode?: number; readonly stderr: string }) {
    const how = end.exitCode === undefined ? 'failed' : `exited with ${end.exitCode}`;
    super('ProgramFailed', `${program} ${how}: ${end.stderr}`);
    this.program = program;
    this.exitCode = end.exitCode;
    this.stderr = end.stderr;
  }
}

export const run: Run = async (program, args, options) => {
  options.signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<{ stdout: string }>();
  const extra = options.descriptors ?? [];
  const fine = [0, ...(options.exitCodes ?? [])];
  const timeoutMs = options.timeoutMs ?? 10_000;
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe', ...extra], timeout: timeoutMs });
  const abort = () => child.kill('SIGKILL');
  options.signal.addEventListener('abort', abort, { once: true });
  const stdout = gather(child.stdout);
  const stderr = gather(child.stderr);
  child.on('error', (error) => reject(new ProgramFailed(program, { stderr: `cannot be started: ${error.message}` })));
  child.on('close', (exitCode, killedBy) => {
    if (exitCode !== null && fine.includes(exitCode)) return resolve({ stdout: stdout() });
    if (options.signal.aborted) return reject(options.signal.reason as Error);
    if (exitCode === null) return reject(new ProgramFailed(program, { stderr: `killed by ${killedBy}` }));
    const text = options.withholdOutput === true ? '(output withheld, it may quote a key)' : tail(stderr());
    reject(new ProgramFailed(program, { exitCode, stderr: text }));
  });
  // A program that ends without reading all of its input gives EPIPE here and says why on stderr.
  child.stdin?.on('error', () => {});
  child.stdin?.end(options.input ?? '');
  try {
    return await promise;
  } finally {
    options.signal.removeEventListener('abort', abort);
  }
};

export interface Running {
  readonly pid: number | undefined;
  /** Resolves when the program has ended or could not be started, with a sentence about how. */
  readonly ended: Promise<string>;
  terminate(): void;
}

export interface StartOptions {
  readonly env: Readonly<Record<string, string>>;
  /** Open file for standard output and standard error. */
  readonly output: number;
}

/** Starts a program in a session of its own, so that it outlives this process and the signals of its terminal. */
export type Start = (program: string, args: readonly string[], options: StartOptions) => Running;

export const start: Start = (program, args, { env, output }) => {
  const child = spawn(program, args, { env, detached: true, stdio: ['ignore', output, output] });
  child.unref();
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(`cannot be started: ${error.message}`));
    child.on('exit', (code, signal) => resolve(code === null ? `killed by ${signal}` : `exited with ${code}`));
  });
  return { pid: child.pid, ended, terminate: () => void child.kill('SIGTERM') };
};

function gather(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: Buffer[] = [];
  stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}

/** The end of what a program said, on one line. */
function tail(text: string): string {
  return text
    .trim()
    .replaceAll(/\s*\n\s*/g, '; ')
    .slice(-400);
}
