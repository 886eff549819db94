import type { Reason } from '../api/reasons.ts';

/** An expected, explainable "no". Shown the same way in conditions, events, reports and on the command line. */
export interface Problem {
  readonly code: Reason;
  /** One sentence with the value and the remedy; names other objects only of the same namespace. */
  readonly message: string;
  /** The field it is about, such as `spec.pools[0].cidr`. */
  readonly path?: string;
}
