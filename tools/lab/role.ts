import { join } from 'node:path';
import type { Exit, ManagedProcess } from './process.ts';

type Start = (argv: readonly string[], log: string) => Promise<ManagedProcess>;

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');

/** The command line of a role of `peerwright`, run from source by this very Node. */
export function sourceOf(role: string, flags: readonly string[]): readonly string[] {
  return [process.execPath, MAIN, role, ...flags];
}

/** One process of Peerwright that can be ended and started again with the same command line and log file. */
export class Role {
  readonly log: string;
  readonly argv: readonly string[];
  readonly #start: Start;
  #running: ManagedProcess | undefined;

  constructor(argv: readonly string[], log: string, start: Start) {
    this.argv = argv;
    this.log = log;
    this.#start = start;
  }

  get pid(): number | undefined {
    return this.#running?.pid;
  }

  async start(): Promise<void> {
    this.#running ??= await this.#start(this.argv, this.log);
  }

  /** Resolves when the process has ended; undefined when none ran. */
  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<Exit | undefined> {
    const running = this.#running;
    if (!running) return undefined;
    this.#running = undefined;
    running.kill(signal);
    return running.exited;
  }

  async restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.stop(signal);
    await this.start();
  }
}
