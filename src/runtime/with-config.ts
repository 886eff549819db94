import type { z } from 'zod';
import { type ConfigSource, parseConfig } from './config.ts';
import { EXIT } from './lifecycle.ts';

/** Where a command line program writes; `process` is one. */
export interface Terminal {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

export interface ProgramSource<S extends z.ZodObject> extends ConfigSource {
  readonly schema: S;
  readonly terminal: Terminal;
}

/** Runs a program with its config; without one it prints help or all problems and gives the exit code. */
export async function withConfig<S extends z.ZodObject>(
  { schema, terminal, ...source }: ProgramSource<S>,
  run: (config: z.output<S>) => Promise<number>,
): Promise<number> {
  const parsed = parseConfig(schema, source);
  if ('help' in parsed) {
    terminal.stdout.write(parsed.help);
    return EXIT.clean;
  }
  if (parsed.ok) return await run(parsed.config);
  const lines = parsed.problems.map((problem) => `  ${problem}\n`).join('');
  terminal.stderr.write(`${source.program} cannot start:\n${lines}See ${source.program} --help.\n`);
  return EXIT.usage;
}
