import { PeerwrightError } from '../../src/runtime/error.ts';
import { runCommand, type CommandOptions, type CommandResult } from './command.ts';
import { startProcess, type ManagedProcess, type StartOptions } from './process.ts';

/**
 * What was started inside one machine of the lab. A program gets there by nsenter, and whoever looks into the namespace
 * before nsenter has arrived does not find it: so it is known from its start on.
 */
export class Started {
  readonly #closed = new AbortController();
  readonly #starting = new Set<Promise<ManagedProcess>>();
  readonly #running = new Set<ManagedProcess>();
  readonly #commands = new Set<Promise<CommandResult>>();

  /** As `runCommand`; `close` ends it. */
  run(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    const { signal } = options;
    const either = signal === undefined ? this.#closed.signal : AbortSignal.any([signal, this.#closed.signal]);
    return kept(runCommand(argv, { ...options, signal: either }), this.#commands);
  }

  /** As `startProcess`. Error: LabFailed after `close`. */
  async start(argv: readonly string[], options?: StartOptions): Promise<ManagedProcess> {
    if (this.#closed.signal.aborted) throw new PeerwrightError('LabFailed', `${argv.join(' ')}: the machine is gone`);
    const process = await kept(startProcess(argv, options), this.#starting);
    this.#running.add(process);
    void process.exited.then(() => this.#running.delete(process));
    return process;
  }

  /** Nothing starts any more, commands are ended with SIGKILL, and `pids` is complete. */
  async close(): Promise<void> {
    this.#closed.abort();
    await Promise.allSettled(this.#starting);
  }

  /** Of what `start` started and what has not ended. */
  pids(): readonly number[] {
    return [...this.#running].map(({ pid }) => pid);
  }

  /** Resolves when all commands and processes have ended, and their ends are known. */
  async ended(): Promise<void> {
    await Promise.all([...this.#commands, ...[...this.#running].map(({ exited }) => exited)]);
  }
}

function kept<T>(promise: Promise<T>, among: Set<Promise<T>>): Promise<T> {
  among.add(promise);
  const leave = (): void => void among.delete(promise);
  promise.then(leave, leave);
  return promise;
}
