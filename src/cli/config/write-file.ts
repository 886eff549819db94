import { randomBytes } from 'node:crypto';
import { open, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CliError } from '../failure.ts';

/**
 * Writes a file that only its owner may read. Without `force` there must be none of that name; with it, the new file
 * takes the place of the old one, links and modes included, in one step.
 */
export async function writePrivate(file: string, text: string, { force }: { readonly force: boolean }): Promise<void> {
  try {
    if (force) await replace(file, text);
    else await create(file, text);
  } catch (error) {
    throw (await isFolder(file)) ? folderRefusal(file) : refusal(file, error);
  }
}

async function isFolder(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isDirectory();
  } catch {
    return false;
  }
}

function folderRefusal(file: string): CliError {
  const example = join(file, 'wg0.conf');
  return new CliError(`${file} is a folder`, { hint: `give the name of a file, such as ${example}` });
}

async function replace(file: string, text: string): Promise<void> {
  const temporary = join(dirname(file), `.${basename(file)}.${randomBytes(4).toString('hex')}`);
  await create(temporary, text);
  try {
    await rename(temporary, file);
  } catch (error) {
    await unlink(temporary);
    throw error;
  }
}

async function create(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } catch (error) {
    await unlink(file);
    throw error;
  } finally {
    await handle.close();
  }
}

function refusal(file: string, error: unknown): CliError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  if (code === 'EEXIST') {
    return new CliError(`there is already a file ${file}`, { hint: 'give another name, or --force to replace it' });
  }
  const hint = HINTS[code];
  return new CliError(`${file} cannot be written (${code})`, hint === undefined ? {} : { hint });
}

const HINTS: Readonly<Record<string, string>> = {
  ENOENT: 'make the folder first',
  EACCES: 'choose a folder that you may write to',
  EPERM: 'choose a folder that you may write to',
  ENOTDIR: 'give the name of a file in a folder',
};

/** What to type next, and what keeps that from working. `wg-quick` takes the interface's name from that of the file. */
export function nextSteps(file: string): readonly string[] {
  const path = file.includes('/') ? file : `./${file}`;
  const quoted = /^[\w./+=@-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
  const name = basename(file);
  if (/^[\w=+.-]{1,15}\.conf$/.test(name)) return [`Next: sudo wg-quick up ${quoted}`];
  const stem = name.replace(/\.conf$/, '');
  const why = stem.length > 15 ? `${stem} has ${stem.length} characters` : `${name} is none`;
  return [
    `warning: wg-quick wants a file NAME.conf, where NAME is an interface's: at most 15 letters, digits and _=+.-; ${why}`,
    `Next: rename it, then sudo wg-quick up ./NAME.conf`,
  ];
}
