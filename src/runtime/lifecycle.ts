import { type ErrorCode, PeerwrightError } from './error.ts';
import type { Log } from './log.ts';

/** Exit codes of every process. */
export const EXIT = { clean: 0, failed: 1, usage: 2 } as const;

/** Code of errors that mean that the process was started wrongly. */
export const INVALID_CONFIG = 'InvalidConfig' satisfies ErrorCode;

/** The part of `process` that tells of signals and of errors nobody caught; only a main.ts has it and passes `process`. */
export interface ProcessEvents {
  on(event: string, listener: (argument: unknown) => void): unknown;
  off(event: string, listener: (argument: unknown) => void): unknown;
}

export interface ProcessDeps {
  readonly log: Log;
  readonly events: ProcessEvents;
}

/** What a process does until it is done or `signal` aborts. */
export type Run = (signal: AbortSignal) => Promise<void>;

/**
 * Runs a process and resolves with its exit code, never rejects. The first SIGTERM or SIGINT aborts the signal and
 * waits for `run`; the second, or an error that nobody caught, does not wait.
 *
 *     run resolves, or rejects because of the abort   0
 *     run rejects, or an error nobody caught          1
 *     run rejects with INVALID_CONFIG                 2
 *     second signal                                   128 + number of the signal
 */
export async function runProcess(name: string, run: Run, { log, events }: ProcessDeps): Promise<number> {
  const controller = new AbortController();
  const { promise: ended, resolve: end } = Promise.withResolvers<number>();
  const onSignal = (signal: unknown) => {
    if (controller.signal.aborted) return end(128 + (SIGNALS[String(signal)] ?? 0));
    log.info({ process: name, signal }, 'stopping');
    controller.abort(new PeerwrightError('Stopped', `Stopped by ${String(signal)}`));
  };
  const onUncaught = (error: unknown) => {
    log.error({ process: name, error }, 'uncaught error');
    end(EXIT.failed);
    controller.abort(error);
  };
  const listeners = [
    ...Object.keys(SIGNALS).map((event) => [event, onSignal] as const),
    ...['uncaughtException', 'unhandledRejection'].map((event) => [event, onUncaught] as const),
  ];
  for (const [event, listener] of listeners) events.on(event, listener);
  try {
    return await Promise.race([ended, outcome(run, controller.signal, (error) => failed({ name, log }, error))]);
  } finally {
    for (const [event, listener] of listeners) events.off(event, listener);
  }
}

/** POSIX numbers, for exit codes. */
const SIGNALS: Readonly<Record<string, number>> = { SIGINT: 2, SIGTERM: 15 };

async function outcome(run: Run, signal: AbortSignal, onError: (error: unknown) => number): Promise<number> {
  try {
    await run(signal);
    return EXIT.clean;
  } catch (error) {
    return signal.aborted && isAbort(error, signal) ? EXIT.clean : onError(error);
  }
}

function isAbort(error: unknown, signal: AbortSignal): boolean {
  return error === signal.reason || (error instanceof Error && error.name === 'AbortError');
}

function failed({ name, log }: { name: string; log: Log }, error: unknown): number {
  log.error({ process: name, error }, 'failed');
  return error instanceof PeerwrightError && error.code === INVALID_CONFIG ? EXIT.usage : EXIT.failed;
}
