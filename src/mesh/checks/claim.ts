/** Someone who wants, or already has, what only one can have. */
export interface Claim {
  readonly uid: string;
  /** RFC 3339 in UTC with whole seconds, as Kubernetes writes it. */
  readonly creationTimestamp: string;
  /** Whether an earlier decision already gave it to this one. */
  readonly granted: boolean;
}

/**
 * Whether `self` may have what `other` claims too. What is granted stays with its holder:
 *
 * | self granted | other granted | self may have it |
 * |---|---|---|
 * | yes | no  | yes |
 * | no  | yes | no |
 * | no  | no  | when older |
 * | yes | yes | when older: two lagging operators granted the same |
 */
export function prevails(self: Claim, other: Claim): boolean {
  if (self.granted !== other.granted) return self.granted;
  if (self.creationTimestamp !== other.creationTimestamp) return self.creationTimestamp < other.creationTimestamp;
  return self.uid < other.uid;
}

/** The first problem that any of the checks finds, in their order. */
export function firstProblem<Input, P>(
  checks: readonly ((input: Input) => P | undefined)[],
  input: Input,
): P | undefined {
  for (const check of checks) {
    const problem = check(input);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
