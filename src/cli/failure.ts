import { KubeError, KubeErrorCode } from '../kube/errors.ts';
import { PeerwrightError } from '../runtime/error.ts';
import { EXIT } from '../runtime/lifecycle.ts';

/** Exit codes of the command line; 130 and 143 besides, after a signal. */
export const EXIT_CODE = { ...EXIT, noAccess: 3 } as const;

export interface CliErrorOptions {
  readonly hint?: string;
  /** Default: 1. */
  readonly exitCode?: number;
}

/** A failure with an exit code of its own. */
export class CliError extends PeerwrightError {
  override readonly name = 'CliError';
  readonly exitCode: number;

  constructor(message: string, { hint, exitCode = EXIT_CODE.failed }: CliErrorOptions = {}) {
    super('CommandFailed', message, hint === undefined ? {} : { hint });
    this.exitCode = exitCode;
  }
}

export interface Failure {
  /** One line, with what to do about it; it may quote others and has to be made visible. */
  readonly line: string;
  readonly exitCode: number;
}

/** How any failure is told to a person. */
export function failureOf(error: unknown): Failure {
  const exitCode = exitCodeOf(error);
  if (error instanceof PeerwrightError) return { line: sentence(error.message, error.hint), exitCode };
  const message = error instanceof Error ? error.message : String(error);
  return { line: sentence(message), exitCode };
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CliError) return error.exitCode;
  if (error instanceof PeerwrightError && NO_ACCESS.has(error.code)) return EXIT_CODE.noAccess;
  return EXIT_CODE.failed;
}

const NO_ACCESS: ReadonlySet<string> = new Set([
  'KubeconfigInvalid',
  'ServiceAccountUnreadable',
  KubeErrorCode.unauthorized,
  KubeErrorCode.forbidden,
]);

/** Whether the caller lacks a right, rather than the cluster or the call something else. */
export function isForbidden(error: unknown): error is KubeError {
  return error instanceof KubeError && error.code === KubeErrorCode.forbidden;
}

function sentence(message: string, hint?: string): string {
  return ['error: ', clause(message), ...(hint === undefined ? [] : ['; ', clause(hint)])].join('');
}

/** Parts of a sentence: no capital but at the beginning of a name, no full stop. */
function clause(text: string): string {
  const line = text
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ')
    .replace(/\.$/, '');
  return /^[A-Z][a-z']*( |$)/.test(line) ? line.charAt(0).toLowerCase() + line.slice(1) : line;
}
