import { existsSync, readFileSync } from 'node:fs';

/** The version of this package: of the nearest package.json above this file, be it source or part of a bundle. */
export function version(): string {
  const found = ['./', '../', '../../']
    .map((folder) => new URL(`${folder}package.json`, import.meta.url))
    .find((url) => existsSync(url));
  if (found === undefined) return 'unknown';
  const { version: text } = JSON.parse(readFileSync(found, 'utf8')) as { readonly version: string };
  return text;
}
