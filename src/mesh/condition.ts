import type { Reason } from '../api/reasons.ts';
import type { Condition } from '../api/v1alpha1/common.ts';
import type { Problem } from './problem.ts';

/** A condition before it is dated. */
export interface ConditionFact {
  readonly type: string;
  readonly status: Condition['status'];
  readonly reason: Reason;
  readonly message: string;
}

export interface Dating {
  /** metadata.generation that the facts speak of. */
  readonly generation: number;
  /** RFC 3339. */
  readonly now: string;
}

/**
 * Dates the facts: `lastTransitionTime` is kept while the status of a condition stays what it was. Types that are not
 * among the facts disappear, as kstatus wants it for Reconciling and Stalled.
 */
export function datedConditions(
  previous: readonly Condition[],
  facts: readonly ConditionFact[],
  dating: Dating,
): Condition[] {
  return facts.map((fact) => {
    const before = previous.find((condition) => condition.type === fact.type);
    const kept = before !== undefined && before.status === fact.status ? before.lastTransitionTime : dating.now;
    return {
      type: fact.type,
      status: fact.status,
      observedGeneration: dating.generation,
      lastTransitionTime: kept,
      reason: fact.reason,
      message: fact.message,
    };
  });
}

/** `True` with its reason. */
export function isTrue(type: string, reason: Reason, message: string): ConditionFact {
  return { type, status: 'True', reason, message };
}

/** `False` with its reason. */
export function isFalse(type: string, reason: Reason, message: string): ConditionFact {
  return { type, status: 'False', reason, message };
}

/** `Unknown` with its reason. */
export function isUnknown(type: string, reason: Reason, message: string): ConditionFact {
  return { type, status: 'Unknown', reason, message };
}

/** All problems in one message, each with its path in front; conditions hold 1,024 characters. */
export function problemMessage(problems: readonly Problem[]): string {
  const text = problems.map(({ path, message }) =>
    path && !message.startsWith(path) ? `${path}: ${message}` : message,
  );
  return text.join(' ').slice(0, 1024);
}
