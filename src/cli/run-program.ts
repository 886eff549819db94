import { type Command, CommanderError } from 'commander';
import { complete, isForPeople, printed } from './completion/complete.ts';
import { EXIT_CODE, failureOf } from './failure.ts';
import { nearest } from './nearest.ts';
import { createProgram, type ProgramOptions } from './program.ts';
import type { ConnectDeps } from './cluster.ts';
import type { Terminal } from './terminal.ts';

export interface ProgramDeps extends ConnectDeps {
  readonly terminal: Terminal;
}

/** A shell that waits for completions waits no longer than this for the cluster. */
const COMPLETION_MS = 3_000;

/** Runs what the arguments ask for. Resolves to the exit code; every failure is one line on standard error. */
export async function runProgram(
  argv: readonly string[],
  options: Omit<ProgramOptions, 'onExit' | 'writeOut'>,
  deps: ProgramDeps,
): Promise<number> {
  let exitCode: number = EXIT_CODE.clean;
  const help: string[] = [];
  const program = createProgram({
    ...options,
    onExit: (code) => (exitCode = code),
    writeOut: (text) => help.push(text),
  });
  const [first, ...rest] = argv;
  try {
    if (first === '__complete') {
      await deps.terminal.printRaw(printed(await complete(program, wordsOf(rest), namesWith(deps))));
    } else await program.parseAsync(spelledOut(argv, program), { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) return failed(error, deps);
    if (error.exitCode === 0) await deps.terminal.printRaw(help.join(''));
    else deps.terminal.note(usage(error, argv, program));
    return error.exitCode === 0 ? EXIT_CODE.clean : EXIT_CODE.usage;
  }
}

/** Nothing, `help` and `help COMMAND` are other spellings of `--help`. */
function spelledOut(argv: readonly string[], program: Command): readonly string[] {
  const [first = 'help', topic] = argv;
  // kubectl takes -o=json, too
  if (first !== 'help') return argv.map((word) => word.replace(/^(-[A-Za-z])=/, '$1'));
  if (topic === undefined) return ['--help'];
  return isCommand(topic, program) ? [topic, '--help'] : [topic];
}

function isCommand(word: string, program: Command): boolean {
  return program.commands.some((command) => command.name() === word);
}

/** Where to read about what was called. */
function helpCall(argv: readonly string[], program: Command): string {
  const command = argv.find((word) => isCommand(word, program));
  return [program.name(), ...(command === undefined ? [] : [command]), '--help'].join(' ');
}

function wordsOf(rest: readonly string[]): readonly string[] {
  return rest[0] === '--' ? rest.slice(1) : rest;
}

function namesWith({ env }: ProgramDeps): Parameters<typeof complete>[2] {
  return async (kind, given) => {
    const { namesFor } = await import('./completion/names.ts');
    return namesFor(kind, given, { env, signal: AbortSignal.timeout(COMPLETION_MS) });
  };
}

function failed(error: unknown, { terminal }: ProgramDeps): number {
  const { line, exitCode } = failureOf(error);
  terminal.note(line);
  return exitCode;
}

/** Commander puts its suggestion on a second line. */
function usage({ code, message }: CommanderError, argv: readonly string[], program: Command): string {
  const [first = '', second] = (code === 'commander.help' ? 'error: no command is given' : message).split('\n');
  const suggestion = code === 'commander.unknownCommand' ? nearCommand(first, program) : second;
  const hint = suggestion?.replace(/^\((.*)\)$/, '$1') ?? `see ${helpCall(argv, program)}`;
  return `${first.replace(/\.$/, '')}; ${hint.charAt(0).toLowerCase()}${hint.slice(1)}`;
}

/** Commander's own suggestion would have the processes among them. */
function nearCommand(message: string, program: Command): string | undefined {
  const names = program.commands.filter(isForPeople).map((command) => command.name());
  const [, written = ''] = /'(.*)'/.exec(message) ?? [];
  const [near] = nearest(written, names, 1);
  return near === undefined ? undefined : `did you mean ${near}?`;
}
