/**
 * Paths of kernel modules in the order in which they can be loaded, everything that they need included.
 * `dep` is the text of modules.dep (depmod(8)): `path: path of what it needs, the next needed first …`.
 * Throws for a name that is not there.
 */
export function loadOrder(dep: string, names: readonly string[]): string[] {
  const lines = dep.split('\n').filter((line) => line.includes(':'));
  const needs = new Map(
    lines.map((line) => {
      const [path = '', rest = ''] = line.split(':');
      return [nameOf(path), { path, needed: rest.split(' ').filter((each) => each !== '') }] as const;
    }),
  );
  const ordered = new Set<string>();
  const add = (name: string) => {
    const found = needs.get(name);
    if (found === undefined) throw new RangeError(`the kernel package has no module ${name}`);
    for (const path of found.needed.toReversed()) add(nameOf(path));
    ordered.add(found.path);
  };
  for (const name of names) add(name);
  return [...ordered];
}

/** The kernel does not tell `-` from `_` in module names; file names have either. */
function nameOf(path: string): string {
  const file = path.slice(path.lastIndexOf('/') + 1);
  return file.replace(/\.ko.*$/, '').replaceAll('-', '_');
}
