import { randomBytes } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** A name that only one living process of this machine holds. */
export interface Claim {
  release(): void;
}

const FOLDER = '/run/peerwright-lab';

/** Claims a name; undefined when a living process holds it. A process is known by pid and start time. Needs root. */
export function claim(name: string): Claim | undefined {
  mkdirSync(FOLDER, { recursive: true, mode: 0o700 });
  const file = join(FOLDER, name);
  const holder = read(file);
  if (isHeld(holder)) return undefined;
  if (holder !== '') discard(file, holder);
  return create(file) ? { release: () => release(file) } : undefined;
}

/** Names that begin so and whose holders have died. */
export function abandonedClaims(beginning: string): readonly string[] {
  const names = existsSync(FOLDER) ? readdirSync(FOLDER) : [];
  return names.filter((name) => name.startsWith(beginning) && !isHeld(read(join(FOLDER, name))));
}

/** Somebody else may have discarded and claimed it meanwhile: then that one's claim is put back. */
function discard(file: string, holder: string): void {
  const aside = nameBeside(file);
  try {
    renameSync(file, aside);
    if (read(aside) !== holder) linkSync(aside, file);
  } catch {
    // Another process is doing the same.
  } finally {
    rmSync(aside, { force: true });
  }
}

/** By a hard link, so that no one ever reads a claim that is not yet written. */
function create(file: string): boolean {
  const written = nameBeside(file);
  writeFileSync(written, identityOf(String(process.pid)));
  try {
    linkSync(written, file);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(written);
  }
}

const nameBeside = (file: string): string => `${file}.${randomBytes(4).toString('hex')}`;

function release(file: string): void {
  rmSync(file, { force: true });
  try {
    rmdirSync(FOLDER);
  } catch {
    // Other claims are in it.
  }
}

function isHeld(holder: string): boolean {
  return holder !== '' && holder === identityOf(holder.split(' ')[0] ?? '');
}

/** `<pid> <start time in clock ticks since boot>`; empty when there is no such process (proc_pid_stat(5), field 22). */
function identityOf(pid: string): string {
  const stat = /^\d+$/.test(pid) ? read(`/proc/${pid}/stat`) : '';
  const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return stat === '' ? '' : `${pid} ${afterName[19]}`;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
