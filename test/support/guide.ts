/** What a guide (docs/guide) asks its reader to do, in order. */
export type Step =
  | { readonly type: 'save'; readonly file: string; readonly text: string }
  | {
      readonly type: 'run';
      /** Where: the word before the prompt, such as `laptop`; empty: where kubectl is. */
      readonly machine: string;
      readonly command: string;
      /** Lines as printed in the guide; none: whatever it prints. */
      readonly output: readonly string[];
      readonly fails: boolean;
    };

const BLOCK = /(?:^|\n)```(\w*)\n(.*?)\n```(?=\n|$)/gs;
const PROMPT = /^([a-z-]*)\$ (.*)$/;

/**
 * YAML that follows "Save this as `file`" is a file, and so is YAML that follows "Change … in `file`"; a console block is
 * commands after their prompts, each followed by what it prints. `<!-- fails -->` before a block: so do its commands.
 * YAML after `<!-- refused -->` is for another test, which reads what follows it as the answer. Anything else in a fence
 * but plain drawings is an error: nothing may look like a command that no test runs.
 */
export function stepsOf(markdown: string): readonly Step[] {
  return [...markdown.matchAll(BLOCK)].flatMap(({ index, 1: language = '', 2: body = '' }) => {
    const before = markdown.slice(0, index).trimEnd();
    switch (language) {
      case 'yaml':
        if (before.endsWith('<!-- refused -->')) return [];
        return [{ type: 'save', file: fileNamed(before), text: `${body}\n` } as const];
      case 'console':
        return commandsOf(body, before.endsWith('<!-- fails -->'));
      case '':
        if (/^[a-z-]*\$ /m.test(body)) throw new Error(`no test runs what is not marked as console: ${body}`);
        return [];
      default:
        throw new Error(`no test runs a block of ${language}`);
    }
  });
}

/** Whether the output is what the guide shows, but for words with digits or keys in them; `…` is anything. */
export function isLike(output: string, shown: readonly string[]): boolean {
  const text = linesOf(output)
    .map((line) => `${line}\n`)
    .join('');
  return new RegExp(`^${linesOf(shown.join('\n')).map(lineLike).join('')}$`).test(text);
}

function linesOf(text: string): string[] {
  return text.trim() === ''
    ? []
    : text
        .trim()
        .split('\n')
        .map((line) => line.trimEnd());
}

function fileNamed(before: string): string {
  const paragraph = before.split('\n\n').at(-1) ?? '';
  const name = [...paragraph.matchAll(/(?:this as|in)\s`([\w.-]+\.yaml)`/g)].at(-1)?.[1];
  if (name === undefined) throw new Error(`no file is named before the YAML after: ${paragraph}`);
  return name;
}

function commandsOf(body: string, fails: boolean): Step[] {
  const steps: (Step & { type: 'run'; output: string[] })[] = [];
  for (const line of body.split('\n')) {
    const [, machine, command] = PROMPT.exec(line) ?? [];
    if (machine !== undefined && command !== undefined)
      steps.push({ type: 'run', machine, command, output: [], fails });
    else if (steps.length === 0) throw new Error(`output before a command: ${line}`);
    else steps.at(-1)?.output.push(line);
  }
  return steps;
}

/** `…` alone may be several lines, or none. */
function lineLike(line: string): string {
  if (line.trim() === '…') return '(?:.*\\n)*';
  return `${line.trimEnd().split(/\s+/).map(wordLike).join('[ \\t]+')}\\n`;
}

function wordLike(word: string): string {
  if (word === '…') return '.*';
  const isFree = /\d/.test(word) && !/^\d+%?$/.test(word) && !/^[\w.]*\.conf$/.test(word);
  return isFree || word === '-' ? '\\S+' : literal(word);
}

function literal(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
