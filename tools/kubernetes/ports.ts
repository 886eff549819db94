import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand, type CommandOptions, type CommandResult } from '../lab/command.ts';

/** What resolving needs of the machine; tests give their own. */
export interface ResolverPorts {
  readonly exists: (file: string) => boolean;
  /** Never throws for a failing program; code 127 = cannot be started. */
  runCommand(argv: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  fetch(url: string, options: { readonly signal: AbortSignal }): Promise<Response>;
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export const systemPorts: ResolverPorts = {
  exists: existsSync,
  runCommand,
  fetch: (url, options) => fetch(url, options),
  sleep: (milliseconds, signal) => sleep(milliseconds, undefined, signal === undefined ? {} : { signal }),
};

export function hexDigest(algorithm: 'sha256' | 'sha512', content: string | Uint8Array): string {
  return createHash(algorithm).update(content).digest('hex');
}
