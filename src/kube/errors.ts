import { type ErrorCode, PeerwrightError, type PeerwrightErrorOptions } from '../runtime/error.ts';

/** One field that the API server complained about. */
export interface StatusCause {
  readonly reason: string | undefined;
  readonly field: string | undefined;
  readonly message: string | undefined;
}

/** The `code` of a `KubeError`. */
export const KubeErrorCode = {
  notFound: 'ApiNotFound',
  /** A 404 that is no `Status`: the kind is not served, or something else answered. Says nothing of the object. */
  notServed: 'ApiNotServed',
  conflict: 'ApiConflict',
  alreadyExists: 'ApiAlreadyExists',
  gone: 'ApiGone',
  forbidden: 'ApiForbidden',
  invalid: 'ApiInvalid',
  throttled: 'ApiThrottled',
  unauthorized: 'ApiUnauthorized',
  timeout: 'ApiTimeout',
  unreachable: 'ApiUnreachable',
  refused: 'ApiRefused',
  serverError: 'ApiServerError',
  /** An answer that is not what the Kubernetes API sends, such as a proxy's page. */
  badResponse: 'ApiBadResponse',
} as const satisfies Record<string, ErrorCode>;
export type KubeErrorCode = (typeof KubeErrorCode)[keyof typeof KubeErrorCode];

export interface KubeErrorDetails extends PeerwrightErrorOptions {
  readonly code: KubeErrorCode;
  readonly message: string;
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  /** `Status.reason` of the API server, such as `AlreadyExists`; empty when there was none. */
  readonly reason: string;
  readonly causes?: readonly StatusCause[];
}

/** A call to the API server that failed. Never holds a request's or a response's body. */
export class KubeError extends PeerwrightError {
  override readonly name = 'KubeError';
  readonly status: number;
  readonly reason: string;
  readonly causes: readonly StatusCause[];

  constructor(details: KubeErrorDetails) {
    super(details.code, details.message, details);
    this.status = details.status;
    this.reason = details.reason;
    this.causes = details.causes ?? [];
  }
}

/** The API server itself says that this object does not exist. */
export const isNotFound = (error: unknown): error is KubeError => hasCode(error, KubeErrorCode.notFound);
/** A write whose resourceVersion or uid precondition no longer holds: read again and decide again. */
export const isConflict = (error: unknown): error is KubeError => hasCode(error, KubeErrorCode.conflict);
export const isAlreadyExists = (error: unknown): error is KubeError => hasCode(error, KubeErrorCode.alreadyExists);
/** `error.retry.afterMs` says when the server wants to be asked again. */
export const isThrottled = (error: unknown): error is KubeError & { readonly retry: { readonly afterMs: number } } =>
  hasCode(error, KubeErrorCode.throttled);
export const isUnauthorized = (error: unknown): error is KubeError => hasCode(error, KubeErrorCode.unauthorized);
export const isUnreachable = (error: unknown): error is KubeError => hasCode(error, KubeErrorCode.unreachable);

function hasCode(error: unknown, code: KubeErrorCode): error is KubeError {
  return error instanceof KubeError && error.code === code;
}
