import { parseArgs } from 'node:util';
import type { Given, Option } from './config-options.ts';

export interface ReadArguments {
  readonly help: boolean;
  /** By field name. */
  readonly given: ReadonlyMap<string, Given>;
  readonly problems: readonly string[];
}

/** Assigns arguments to options. What belongs to none is a problem, named without its value: it may be a secret. */
export function readArguments(options: ReadonlyMap<string, Option>, argv: readonly string[]): ReadArguments {
  const fields = new Map([...options].map(([field, option]) => [option.flag, { field, option }]));
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    tokens: true,
    options: Object.fromEntries(
      [...fields].map(([flag, { option }]) => [flag, { type: option.kind === 'boolean' ? 'boolean' : 'string' }]),
    ),
  });
  const given = new Map<string, Given>();
  const problems: string[] = [];
  let help = false;
  let unknownAt = -2;
  for (const token of tokens) {
    if (token.kind === 'positional') {
      // Most likely the value of the unknown flag before it, which is reported already.
      if (token.index !== unknownAt + 1) problems.push(`'${token.value}' is not expected: options begin with --.`);
    }
    if (token.kind !== 'option') continue;
    const known = fields.get(token.name);
    if (token.rawName === '--help' || token.rawName === '-h') help = true;
    else if (known === undefined || !token.rawName.startsWith('--')) {
      unknownAt = token.index;
      problems.push(`${token.rawName} is not an option of this program: remove it; --help lists all.`);
    } else collect({ given, problems }, known, token);
  }
  return { help, given, problems };
}

interface Collected {
  readonly given: Map<string, Given>;
  readonly problems: string[];
}

interface OptionToken {
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function collect({ given, problems }: Collected, known: { field: string; option: Option }, token: OptionToken): void {
  const { field, option } = known;
  const text = token.value ?? (option.kind === 'boolean' ? 'true' : undefined);
  const swallowedFlag = token.inlineValue === false && /^-(?!\d)./.test(text ?? '');
  if (text === undefined || swallowedFlag) {
    problems.push(`${token.rawName} needs a value: give ${option.expects}, as ${token.rawName}=VALUE.`);
    return;
  }
  const before = option.kind === 'list' ? given.get(field) : undefined;
  given.set(field, { from: token.rawName, text: before === undefined ? text : `${before.text},${text}` });
}
