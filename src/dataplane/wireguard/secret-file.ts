import { constants } from 'node:fs';
import { open, statfs, unlink } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { PeerwrightError } from '../../runtime/error.ts';

/** Memory that looks like files: what is written here reaches no disk. */
export const SECRET_FOLDER = '/dev/shm';

/**
 * Gives `use` the descriptor of a nameless 0600 file that holds `text`, for programs that read a secret from a file.
 * Not a pipe, because Node's are socket pairs, which a program cannot open at /dev/fd/N. Throws SecretFolder for a
 * folder that is not a tmpfs.
 */
export async function withSecretFile<T>(
  text: string,
  use: (descriptor: number) => Promise<T>,
  folder: string = SECRET_FOLDER,
): Promise<T> {
  const { type } = await statfs(folder);
  if (!IN_MEMORY.has(type)) {
    throw new PeerwrightError('SecretFolder', `${folder} is not a tmpfs, so no key is written there`, {
      hint: 'Mount a tmpfs there.',
    });
  }
  const path = join(folder, `.peerwright-${randomUUID()}`);
  const file = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  try {
    await unlink(path);
    await file.writeFile(text);
    return await use(file.fd);
  } finally {
    await file.close();
  }
}

/** TMPFS_MAGIC and RAMFS_MAGIC of linux/magic.h. */
const IN_MEMORY: ReadonlySet<number> = new Set([0x01021994, 0x858458f6]);
