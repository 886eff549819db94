import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, mkdir, open, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { PeerwrightError } from './error.ts';
import { Secret } from './secret.ts';

/**
 * Reads a secret of this machine from `path`, or makes it with `create` and stores it first. The file has mode 0600,
 * a folder made for it 0700. However many processes call this at once, and wherever one is killed, all that return
 * get the same bytes, whole. Throws `StateFileUnsafe` when others could read or replace the file.
 */
export async function readOrCreate(path: string, create: () => Promise<Secret>): Promise<Secret> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await checkFolder(dirname(path));
  const found = await read(path);
  if (found !== undefined) return found;
  await store(path, await create());
  const stored = await read(path);
  if (stored === undefined) throw unsafe(path, 'was removed while it was written', 'Leave the folder to Peerwright.');
  return stored;
}

async function checkFolder(folder: string): Promise<void> {
  const { mode, uid } = await stat(folder);
  if ((mode & 0o022) !== 0) {
    throw unsafe(folder, `may be written by others (mode ${octal(mode)})`, `Run: chmod go-w ${folder}`);
  }
  if (!isOurs(uid)) throw unsafe(folder, `belongs to user ${uid}`, 'Give it to the user that this process runs as.');
}

async function read(path: string): Promise<Secret | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    if (codeOf(error) === 'ELOOP') throw unsafe(path, 'is a symbolic link', 'Replace it by the file itself.');
    throw error;
  }
  try {
    const { mode, uid, size, isFile } = await facts(file);
    if (!isFile) throw unsafe(path, 'is not a regular file', 'Remove it.');
    if ((mode & 0o077) !== 0) {
      throw unsafe(path, `is open to others (mode ${octal(mode)})`, `If nobody read it, run: chmod 600 ${path}`);
    }
    if (!isOurs(uid)) throw unsafe(path, `belongs to user ${uid}`, 'Give it to the user that this process runs as.');
    if (size === 0) throw unsafe(path, 'is empty', 'Restore it, or remove it to get a new one.');
    return new Secret(await file.readFile());
  } finally {
    await file.close();
  }
}

async function facts(file: FileHandle) {
  const stats = await file.stat();
  return { mode: stats.mode, uid: stats.uid, size: stats.size, isFile: stats.isFile() };
}

/** Writes a file of another name and links it: unlike a rename, a link never replaces what another process stored. */
async function store(path: string, secret: Secret): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(8).toString('hex')}`);
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(secret.reveal());
    await file.sync();
    await link(temporary, path).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
  } finally {
    await file.close();
    await unlink(temporary);
  }
  const folder = await open(dirname(path), constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function isOurs(uid: number): boolean {
  return uid === process.geteuid?.();
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, '0');
}

function unsafe(path: string, what: string, hint: string): PeerwrightError {
  return new PeerwrightError('StateFileUnsafe', `${path} ${what}`, { hint });
}
