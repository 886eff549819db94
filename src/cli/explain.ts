import { REASONS, type ReasonDoc } from '../api/reasons.ts';
import { CliError, EXIT_CODE } from './failure.ts';
import { nearest } from './nearest.ts';
import { layOut, lines, titles } from './table.ts';
import type { Line, Terminal } from './terminal.ts';

const DOCS: ReadonlyMap<string, ReasonDoc> = new Map(Object.entries(REASONS));

/** `peerwright explain [REASON]`; the case of letters does not matter. */
export async function explain(reason: string | undefined, { terminal }: { terminal: Terminal }): Promise<number> {
  if (reason === undefined) await list(terminal);
  else await one(reason, terminal);
  return EXIT_CODE.clean;
}

async function one(written: string, terminal: Terminal): Promise<void> {
  const name = [...DOCS.keys()].find((known) => known.toLowerCase() === written.toLowerCase());
  const doc = name === undefined ? undefined : DOCS.get(name);
  if (name === undefined || doc === undefined) throw unknown(written);
  await terminal.print([
    [{ text: name, colour: 'bold' }],
    ...paragraph(doc.meaning, terminal.size?.columns),
    [{ text: 'What to do', colour: 'bold' }],
    ...paragraph(doc.remedy, terminal.size?.columns),
  ]);
}

/** Indented; broken between words where the screen ends. */
function paragraph(text: string, width = Number.POSITIVE_INFINITY): readonly Line[] {
  const found: string[] = [];
  for (const word of text.split(' ')) {
    const last = found.at(-1);
    if (last !== undefined && last.length + 1 + word.length < width) found[found.length - 1] = `${last} ${word}`;
    else found.push(`  ${word}`);
  }
  return found.map((line) => [{ text: line }]);
}

async function list(terminal: Terminal): Promise<void> {
  const columns = [
    { title: 'REASON', cell: ([name]: readonly [string, ReasonDoc]) => name },
    { title: 'MEANING', cell: ([, { meaning }]: readonly [string, ReasonDoc]) => meaning },
  ];
  const rows = [...DOCS];
  const width = terminal.size?.columns;
  const layout = layOut(rows, columns, width);
  await terminal.print([titles(layout, width), ...lines(rows, layout, width)]);
}

function unknown(written: string): CliError {
  const names = nearest(written, [...DOCS.keys()]);
  return new CliError(`no reason is called ${written}`, {
    hint: names.length === 0 ? 'explain without a name lists all' : `did you mean ${names.join(', ')}?`,
    exitCode: EXIT_CODE.usage,
  });
}
