import type { Argument, Command, Option } from 'commander';
import { hasUnseen } from '../visible.ts';

/** What only a look elsewhere can tell. */
export type NameKind = 'gateways' | 'peers' | 'gateways and peers' | 'namespaces' | 'contexts' | 'reasons';

export interface Candidate {
  readonly value: string;
  readonly description: string;
}

export interface Completion {
  readonly candidates: readonly Candidate[];
  /** Whether a file belongs here. */
  readonly files: boolean;
}

/** Values of the options before the word that is completed, by name without dashes. */
export type Given = ReadonlyMap<string, string>;

/** What may stand in place of the last of `words`, which is what is typed of it already. */
export async function complete(
  program: Command,
  words: readonly string[],
  namesOf: (kind: NameKind, given: Given) => Promise<readonly string[]>,
): Promise<Completion> {
  const place = placeOf(program, words);
  const { current } = place;
  const wanted = wantedAt(program, place);
  const names = wanted.names === undefined ? [] : await namesOf(wanted.names, place.given);
  const found = [...(wanted.candidates ?? []), ...names.map((value) => ({ value, description: '' }))];
  const fitting = found.filter(({ value }) => value.startsWith(current) && !place.used.includes(value));
  // the shell shows them as they are, and takes them apart at line ends
  const candidates = fitting.filter(({ value }) => !hasUnseen(value));
  return { candidates, files: wanted.files === true };
}

interface Place {
  readonly current: string;
  /** Undefined before the name of a command. */
  readonly command: Command | undefined;
  /** The option whose value is being typed. */
  readonly option: Option | undefined;
  /** Arguments of the command that are there already. */
  readonly used: readonly string[];
  readonly given: Given;
}

function placeOf(program: Command, words: readonly string[]): Place {
  let command: Command | undefined;
  let option: Option | undefined;
  const used: string[] = [];
  const given = new Map<string, string>();
  for (const word of words.slice(0, -1)) {
    if (option !== undefined) {
      given.set(option.name(), word);
      option = undefined;
    } else if (word.startsWith('-')) option = valueExpected(optionsAt(program, command), word, given);
    else if (command === undefined) command = program.commands.find((one) => one.name() === word);
    else used.push(word);
  }
  return { command, used, given, ...currentOf(words.at(-1) ?? '', option, optionsAt(program, command)) };
}

/** Of `--name=val` only `val` is completed: that is what the scripts of the shells put in place. */
function currentOf(
  word: string,
  option: Option | undefined,
  options: readonly Option[],
): Pick<Place, 'current' | 'option'> {
  const [, flag, value = ''] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [];
  if (option !== undefined || flag === undefined) return { option, current: word };
  const named = options.find((one) => one.long === flag && !one.isBoolean());
  return named === undefined ? { option, current: word } : { option: named, current: value };
}

/** The option of this word when its value comes as the next one; with `--name=value` it is taken at once. */
function valueExpected(options: readonly Option[], word: string, given: Map<string, string>): Option | undefined {
  const [flag, value] = word.split('=', 2);
  const option = options.find(({ long, short }) => flag === long || flag === short);
  if (option === undefined || option.isBoolean()) return undefined;
  if (value === undefined) return option;
  given.set(option.name(), value);
  return undefined;
}

interface Wanted {
  readonly candidates?: readonly Candidate[];
  readonly names?: NameKind;
  readonly files?: boolean;
}

function wantedAt(program: Command, { current, command, option, used }: Place): Wanted {
  if (option !== undefined) return valueOf(option.name(), option.argChoices);
  if (current.startsWith('-')) return { candidates: [...optionsAt(program, command).map(optionCandidate), HELP] };
  if (command === undefined) return { candidates: program.commands.filter(isForPeople).map(commandCandidate) };
  const { registeredArguments: all } = command;
  const argument: Argument | undefined = all[used.length] ?? (all.at(-1)?.variadic ? all.at(-1) : undefined);
  return argument === undefined ? {} : valueOf(argument.name(), argument.argChoices);
}

const BY_NAME: Readonly<Record<string, Wanted>> = {
  gateway: { names: 'gateways' },
  peer: { names: 'peers' },
  name: { names: 'gateways and peers' },
  reason: { names: 'reasons' },
  namespace: { names: 'namespaces' },
  context: { names: 'contexts' },
  'system-namespace': { names: 'namespaces' },
  kubeconfig: { files: true },
  out: { files: true },
};

function valueOf(name: string, choices: readonly string[] | undefined): Wanted {
  if (choices !== undefined) return { candidates: choices.map((value) => ({ value, description: '' })) };
  return BY_NAME[name] ?? {};
}

function optionsAt(program: Command, command: Command | undefined): readonly Option[] {
  return [...(command?.options ?? []), ...program.options].filter(({ hidden }) => !hidden);
}

const HELP: Candidate = { value: '--help', description: 'show help' };

function optionCandidate({ long, short, description }: Option): Candidate {
  return { value: long ?? short ?? '', description };
}

function commandCandidate(command: Command): Candidate {
  return { value: command.name(), description: command.summary() };
}

/** Processes are started by manifests, not by people who type. */
export function isForPeople(command: Command): boolean {
  return command.description() !== '';
}

/** As kubectl wants it of `kubectl_complete-…`, and cobra's programs print it: `:0` lets the shell look for files. */
export function printed({ candidates, files }: Completion): string {
  const lines = candidates.map(({ value, description }) => (description === '' ? value : `${value}\t${description}`));
  return [...lines, files ? ':0' : ':4', ''].join('\n');
}
