/** The names that are most like what somebody wrote, best first; none that is not like it at all. */
export function nearest(written: string, names: readonly string[], count = 3): readonly string[] {
  const wanted = written.toLowerCase();
  return names
    .map((name) => ({ name, far: distance(wanted, name.toLowerCase()) }))
    .filter(({ name, far }) => far <= Math.max(2, name.length / 3) || isPart(wanted, name.toLowerCase()))
    .toSorted((a, b) => a.far - b.far)
    .slice(0, count)
    .map(({ name }) => name);
}

const SHORTEST_PART = 4;

function isPart(wanted: string, name: string): boolean {
  return wanted.length >= SHORTEST_PART && name.includes(wanted);
}

/** Levenshtein's, row by row. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, character] of a.split('').entries()) {
    const next = [i + 1];
    for (const [j, other] of b.split('').entries()) {
      const replaced = (row[j] ?? 0) + (character === other ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
