import { API_ERRORS } from './error-codes-api.ts';
import { TOOL_ERRORS } from './error-codes-tools.ts';
import { type ErrorDoc, PROCESS_ERRORS } from './error-codes.ts';

/** Whether and when the one who asked should try again; only the worker (kube/worker.ts) interprets it. */
export type Retry = 'backoff' | 'never' | { readonly afterMs: number };

/** Every code; docs/reference/errors.md is generated from it. */
export const ERRORS = { ...PROCESS_ERRORS, ...API_ERRORS, ...TOOL_ERRORS };
export type ErrorCode = keyof typeof ERRORS;

export interface PeerwrightErrorOptions {
  /** When somebody else has said when to try again; otherwise the table says whether. */
  readonly retry?: { readonly afterMs: number };
  /** More precise than the one of the table. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** An unexpected failure with a stable code. Expected outcomes are `Problem` values instead. */
export class PeerwrightError extends Error {
  override readonly name: string = 'PeerwrightError';
  readonly code: ErrorCode;
  readonly retry: Retry;
  /** What a person can do about it, one sentence. */
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: PeerwrightErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    const known: ErrorDoc = ERRORS[code];
    this.code = code;
    this.retry = options.retry ?? known.retry;
    this.hint = options.hint ?? known.hint;
  }
}
