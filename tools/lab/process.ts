import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ManagedProcess {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** False when it had already ended. */
  kill(signal: NodeJS.Signals): boolean;
  /** SIGTERM, after `graceMs` (default 5,000) SIGKILL; resolves when it has ended. */
  stop(graceMs?: number): Promise<Exit>;
}

export interface StartOptions {
  /** Files that get the output, created if missing, appended to; may be the same. Omitted = thrown away. */
  readonly stdout?: string | undefined;
  readonly stderr?: string | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/**
 * Starts a long-running program. It has a session of its own, so that Ctrl-C in a terminal reaches only the lab, which
 * then ends things in order; and on Linux the kernel ends it when the lab is killed, so that nothing outlives the lab.
 */
export async function startProcess(argv: readonly string[], options: StartOptions = {}): Promise<ManagedProcess> {
  const [program = '', ...args] = [...dieWithParent(), ...argv];
  const stdout = openLog(options.stdout);
  const stderr = openLog(options.stderr);
  const child = spawn(program, args, { detached: true, env: options.env, stdio: ['ignore', stdout, stderr] });
  for (const log of [stdout, stderr]) if (log !== 'ignore') closeSync(log);
  const exited = new Promise<Exit>((resolve) => {
    child.on('exit', (code, signal) => resolve({ code, signal }));
  });
  const pid = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('spawn', () => resolve(child.pid ?? 0));
  });
  const stop = async (graceMs = 5_000): Promise<Exit> => {
    child.kill('SIGTERM');
    const killer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    const exit = await exited;
    clearTimeout(killer);
    return exit;
  };
  return { pid, exited, kill: (signal) => child.kill(signal), stop };
}

/** The last `lines` lines of a log file, or an empty string. */
export function logTail(file: string, lines = 15): string {
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n') : '';
}

function openLog(file: string | undefined): number | 'ignore' {
  return file === undefined ? 'ignore' : openSync(file, 'a', 0o600);
}

/** util-linux's setpriv sets the parent-death signal and becomes the program, so the pid is the program's. */
function dieWithParent(): readonly string[] {
  const setpriv = '/usr/bin/setpriv';
  return process.platform === 'linux' && existsSync(setpriv) ? [setpriv, '--pdeathsig', 'KILL', '--'] : [];
}
