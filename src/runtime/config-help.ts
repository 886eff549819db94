import type { Option } from './config-options.ts';

/** The text of `--help`: every option with its meaning, default and variable. */
export function helpText(program: string, options: ReadonlyMap<string, Option>): string {
  const blocks = [...options.values()].map(block);
  return `Usage: ${program} [options]\n\nA flag wins over its variable.\n\n${blocks.join('\n')}\n  --help\n      Shows this text.\n`;
}

function block({ flag, variable, placeholder, description, defaultText, required }: Option): string {
  const value = required ? 'required' : `default: ${defaultText ?? 'none'}`;
  const lines = [`  --${flag} ${placeholder}`, ...(description === '' ? [] : [`      ${description}`])];
  return [...lines, `      ${value}; variable: ${variable}`, ''].join('\n');
}
