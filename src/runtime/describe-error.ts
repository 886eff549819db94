import { PeerwrightError } from './error.ts';

/** Causes deeper than this are cut: a cycle must not hang the log. */
const MAX_DEPTH = 6;

/** An error as log lines show it. */
export interface DescribedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly hint?: string;
  /** Only where the program did not foresee the error, which is where a person needs it. */
  readonly stack?: string;
  readonly cause?: unknown;
  readonly errors?: readonly unknown[];
}

/** Keeps type, code, message, hint and the chain of causes of an error; anything that is no error is given back. */
export function describeError(error: unknown): unknown {
  return describe(error, 0);
}

function describe(error: unknown, depth: number): unknown {
  if (!(error instanceof Error)) return error;
  if (depth >= MAX_DEPTH) return { type: error.name, message: error.message };
  const code = codeOf(error);
  return {
    type: error.name,
    ...(code === undefined ? {} : { code }),
    message: error.message,
    ...(error instanceof PeerwrightError && error.hint !== undefined ? { hint: error.hint } : {}),
    ...(code === undefined && error.stack !== undefined ? { stack: frames(error.stack) } : {}),
    ...(error.cause === undefined ? {} : { cause: describe(error.cause, depth + 1) }),
    ...(error instanceof AggregateError
      ? { errors: error.errors.slice(0, MAX_DEPTH).map((each: unknown) => describe(each, depth + 1)) }
      : {}),
  } satisfies DescribedError;
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function frames(stack: string): string {
  return stack
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .map((line) => line.trim())
    .join('\n');
}
