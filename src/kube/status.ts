import { KubeError, KubeErrorCode, type KubeErrorDetails, type StatusCause } from './errors.ts';

/** What an answer that is no success says, before it is made into an error. */
export interface Refusal {
  /** HTTP status, or `Status.code` of an ERROR event of a watch. */
  readonly status: number;
  /** The body: a `Status`, or something else entirely. */
  readonly body: unknown;
  /** Value of the Retry-After header, in seconds. */
  readonly retryAfter?: string | undefined;
  /** What was asked, such as `get leases net/edge`. */
  readonly what: string;
  /** The object is secret: pass on nothing of the server's text, which may quote values. */
  readonly secret: boolean;
}

/** The typed error of a refusal; decided by `Status.reason` where the HTTP status is ambiguous (409). */
export function errorOf(refusal: Refusal): KubeError {
  const { reason, message, causes, retryAfterSeconds } = parseStatus(refusal.body);
  const code = codeOf(refusal.status, reason);
  const told = refusal.secret || message === '' ? `${refusal.status} ${reason}`.trim() : message;
  return new KubeError({
    code,
    message: `${refusal.what}: ${told}`,
    status: refusal.status,
    reason,
    causes: refusal.secret ? causes.map((cause) => ({ ...cause, message: undefined })) : causes,
    ...(code === KubeErrorCode.throttled ? waitOf(Number(refusal.retryAfter ?? retryAfterSeconds)) : {}),
  });
}

/**
 * The error of a call that got no answer. Only the code of the transport's own error is kept: an HTTP parser's carries
 * bytes of the answer, which may be a Secret.
 */
export function unreachable(what: string, error: unknown): KubeError {
  const code = systemCode(error);
  return new KubeError({
    code: KubeErrorCode.unreachable,
    message: `${what}: the API server does not answer (${code})`,
    status: 0,
    reason: code,
  });
}

function systemCode(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.name;
}

/** A watch that waits for longer would leave on the devices what is revoked meanwhile. */
const MAX_RETRY_AFTER_S = 60;

function waitOf(seconds: number): Pick<KubeErrorDetails, 'retry'> {
  if (!(Number.isFinite(seconds) && seconds > 0)) return {};
  return { retry: { afterMs: 1000 * Math.min(seconds, MAX_RETRY_AFTER_S) } };
}

const BY_REASON: Readonly<Record<string, KubeErrorCode>> = {
  AlreadyExists: KubeErrorCode.alreadyExists,
  Conflict: KubeErrorCode.conflict,
  Expired: KubeErrorCode.gone,
  Gone: KubeErrorCode.gone,
  NotFound: KubeErrorCode.notFound,
  Forbidden: KubeErrorCode.forbidden,
  Invalid: KubeErrorCode.invalid,
  TooManyRequests: KubeErrorCode.throttled,
  Unauthorized: KubeErrorCode.unauthorized,
  Timeout: KubeErrorCode.timeout,
  ServerTimeout: KubeErrorCode.timeout,
};

const BY_STATUS: Readonly<Record<number, KubeErrorCode>> = {
  401: KubeErrorCode.unauthorized,
  403: KubeErrorCode.forbidden,
  404: KubeErrorCode.notServed,
  409: KubeErrorCode.conflict,
  410: KubeErrorCode.gone,
  422: KubeErrorCode.invalid,
  429: KubeErrorCode.throttled,
  504: KubeErrorCode.timeout,
};

function codeOf(status: number, reason: string): KubeErrorCode {
  return BY_REASON[reason] ?? BY_STATUS[status] ?? (status >= 500 ? KubeErrorCode.serverError : KubeErrorCode.refused);
}

interface ParsedStatus {
  readonly reason: string;
  readonly message: string;
  readonly causes: readonly StatusCause[];
  readonly retryAfterSeconds: number | undefined;
}

function parseStatus(body: unknown): ParsedStatus {
  const status = record(body);
  const details = record(status['details']);
  const causes = Array.isArray(details['causes']) ? details['causes'].map(parseCause) : [];
  const seconds = details['retryAfterSeconds'];
  return {
    reason: text(status['reason']) ?? '',
    message: text(status['message']) ?? '',
    causes,
    retryAfterSeconds: typeof seconds === 'number' ? seconds : undefined,
  };
}

function parseCause(value: unknown): StatusCause {
  const cause = record(value);
  return { reason: text(cause['reason']), field: text(cause['field']), message: text(cause['message']) };
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
