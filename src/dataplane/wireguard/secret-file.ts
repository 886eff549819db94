import { constants } from 'node:fs';
import { open, statfs, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { PeerwrightError } from '../../runtime/error.ts';

/** Memory that looks like files: what is written here reaches no disk. */
export const SECRET_FOLDER = '/dev/shm';

/**
 * Gives `use` the descriptors of nameless 0600 files that hold one text each, for programs that read secrets from
 * files. Not pipes, because Node's are socket pairs, which a program cannot open at /dev/fd/N. Throws SecretFolder for
 * a folder that is not a tmpfs.
 */
export async function withSecretFiles<T>(
  texts: readonly string[],
  use: (descriptors: readonly number[]) => Promise<T>,
  folder: string = SECRET_FOLDER,
): Promise<T> {
  if (texts.length === 0) return await use([]);
  const { type } = await statfs(folder);
  if (!IN_MEMORY.has(type)) {
    throw new PeerwrightError('SecretFolder', `${folder} is not a tmpfs, so no key is written there`);
  }
  const files: FileHandle[] = [];
  try {
    for (const text of texts) files.push(await secretFile(text, folder));
    return await use(files.map(({ fd }) => fd));
  } finally {
    for (const file of files) await file.close();
  }
}

async function secretFile(text: string, folder: string): Promise<FileHandle> {
  const path = join(folder, `.peerwright-${randomUUID()}`);
  const file = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  try {
    await unlink(path);
    await file.writeFile(text);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** TMPFS_MAGIC and RAMFS_MAGIC of linux/magic.h. */
const IN_MEMORY: ReadonlySet<number> = new Set([0x01021994, 0x858458f6]);
