import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { missingIn } from './binaries.ts';
import type { ToolsModule } from './module.ts';
import { systemPorts, type ResolverPorts } from './ports.ts';
import type { KubernetesSource, ResolveOptions } from './resolve.ts';

/** What the marker file says; it is written last, so a folder with one is complete. */
export interface Cached {
  readonly version: string;
  readonly source: KubernetesSource;
}

const MARKER = 'complete.json';
const LOCK_BEAT_MS = 5_000;
const LOCK_STALE_MS = 30_000;

/** `${XDG_CACHE_HOME:-~/.cache}/peerwright/kubernetes/<version>-<checksum>`. */
export function cacheFolder(env: NodeJS.ProcessEnv, { version, checksum }: ToolsModule): string {
  const base = env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache');
  return join(base, 'peerwright', 'kubernetes', `${version}-${checksum}`);
}

/** What a complete folder holds; undefined when it is missing, unfinished or has lost a file. */
export async function readCached(
  folder: string,
  { exists }: Pick<ResolverPorts, 'exists'>,
): Promise<Cached | undefined> {
  if (missingIn(folder, exists).length > 0) return undefined;
  const text = await readFile(join(folder, MARKER), 'utf8').catch(() => '');
  const [, version, source] = /^\{"version":"(v[^"]+)","source":"(download|build)"\}/.exec(text) ?? [];
  if (version === undefined) return undefined;
  return { version, source: source === 'download' ? 'download' : 'build' };
}

/**
 * Fills the folder by `fill`, which gets an empty sibling that is renamed when all is there: no one ever sees half a
 * folder. Of several that want the same folder at once, one works and the others wait for its result.
 */
export async function fillOnce(
  folder: string,
  fill: (into: string) => Promise<Cached>,
  options: Pick<ResolveOptions, 'ports' | 'signal' | 'log'>,
): Promise<Cached> {
  const ports = options.ports ?? systemPorts;
  await mkdir(dirname(folder), { recursive: true });
  const unlock = await lock(`${folder}.lock`, options);
  const temporary = `${folder}.${randomBytes(4).toString('hex')}`;
  try {
    const cached = await readCached(folder, ports);
    if (cached !== undefined) return cached;
    await mkdir(temporary);
    const filled = await fill(temporary);
    await writeFile(join(temporary, MARKER), `${JSON.stringify({ version: filled.version, source: filled.source })}\n`);
    // Only a folder without a marker, or with a file gone, can be here.
    await rm(folder, { recursive: true, force: true });
    await rename(temporary, folder);
    return filled;
  } finally {
    await rm(temporary, { recursive: true, force: true });
    await unlock();
  }
}

/**
 * A lock file that its holder touches every 5 s; one that was not touched for 30 s belongs to a dead process. Two waiters
 * that take over a stale one at the same moment both work: a waste, but the rename keeps the result whole.
 */
async function lock(
  file: string,
  { ports = systemPorts, signal, log }: Pick<ResolveOptions, 'ports' | 'signal' | 'log'>,
): Promise<() => Promise<void>> {
  for (let waited = false; !(await tryLock(file)); waited = true) {
    if (!waited) log('Waiting for another process that is preparing the Kubernetes API server');
    await ports.sleep(500, signal);
    signal?.throwIfAborted();
  }
  const beat = setInterval(() => void utimes(file, new Date(), new Date()).catch(() => undefined), LOCK_BEAT_MS);
  beat.unref();
  return async () => {
    clearInterval(beat);
    await rm(file, { force: true });
  };
}

async function tryLock(file: string): Promise<boolean> {
  const age = await stat(file).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  );
  if (age > LOCK_STALE_MS) await rm(file, { force: true });
  return writeFile(file, `${process.pid}\n`, { flag: 'wx' }).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false;
      throw error;
    },
  );
}
