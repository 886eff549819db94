import type { Clock } from './clock.ts';
import type { Log } from './log.ts';

/** A clock that stands still until a test moves it. */
export interface FakeClock extends Clock {
  /** Moves time on and wakes, in order, every sleeper whose time has come. */
  advance(ms: number): void;
  /** How many sleep now. */
  sleepers(): number;
}

export function fakeClock(startMs = Date.UTC(2026, 0, 1)): FakeClock {
  let elapsed = 0;
  const sleeping = new Set<{ readonly at: number; readonly wake: () => void }>();
  return {
    now: () => startMs + elapsed,
    monotonic: () => elapsed,
    sleepers: () => sleeping.size,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal.aborted || ms <= 0) return resolve();
        const wake = () => {
          sleeping.delete(sleeper);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        const sleeper = { at: elapsed + ms, wake };
        sleeping.add(sleeper);
        signal.addEventListener('abort', wake, { once: true });
      }),
    advance: (ms) => {
      elapsed += ms;
      for (const { at, wake } of [...sleeping].toSorted((a, b) => a.at - b.at)) if (at <= elapsed) wake();
    },
  };
}

/** One line that was logged. */
export interface LoggedLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** A log that keeps its lines for tests to look at. */
export function fakeLog(lines: LoggedLine[] = [], parent: object = {}): Log & { readonly lines: LoggedLine[] } {
  const at = (level: LoggedLine['level']) => (fields: object, message: string) => {
    lines.push({ level, fields: { ...parent, ...fields }, message });
  };
  return {
    lines,
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => fakeLog(lines, { ...parent, ...fields }),
  };
}
