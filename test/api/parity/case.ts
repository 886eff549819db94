import type { Kind } from '../../../src/api/kind.ts';

/** One sample, judged by zod and by the API server. */
export interface Case {
  /** What it is about; unique within its kind. */
  readonly name: string;
  readonly object: Sample;
  /** Present: the case is the change of this object into `object`. */
  readonly old?: Sample;
  /** True: the object is there, and the case is the writing of its status. */
  readonly isStatus?: boolean;
  /** Absent: both must take it. */
  readonly bad?: {
    /** The field to blame, as the API server writes it. */
    readonly field: string;
    /** Words that both messages must have: the value and the remedy. Case does not matter. */
    readonly says: readonly string[];
  };
}

export interface Sample {
  readonly metadata: { readonly name: string };
  readonly [part: string]: unknown;
}

export interface CaseTable {
  readonly kind: Kind;
  /** Which part of it, one word or two. */
  readonly about: string;
  readonly cases: readonly Case[];
}
