/** Randomness for jitter and choice as a port. Never for keys: those come from node:crypto in keys/. */
export interface Random {
  /** A number in [0, 1). */
  unit(): number;
}

export const systemRandom: Random = { unit: () => Math.random() };
