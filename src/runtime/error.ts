/** Whether and when the one who asked should try again; only the worker (kube/worker.ts) interprets it. */
export type Retry = 'backoff' | 'never' | { readonly afterMs: number };

export interface PeerwrightErrorOptions {
  readonly retry?: Retry;
  /** What a person can do about it, one sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** An unexpected failure with a stable code. Expected outcomes are `Problem` values instead. */
export class PeerwrightError extends Error {
  override readonly name: string = 'PeerwrightError';
  readonly code: string;
  readonly retry: Retry;
  readonly hint: string | undefined;

  constructor(code: string, message: string, options: PeerwrightErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retry = options.retry ?? 'backoff';
    this.hint = options.hint;
  }
}
