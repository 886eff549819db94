import type { Colour, Line, Span } from './terminal.ts';
import { plain } from './visible.ts';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string | undefined;
  readonly colour?: (row: Row) => Colour | undefined;
  /** On a screen that is too narrow, columns are left out: what fits is kept, low numbers first, and always those without. */
  readonly spare?: number;
}

export interface Layout<Row> {
  readonly columns: readonly Column<Row>[];
  readonly widths: readonly number[];
}

const GAP = '   ';
const NOTHING = '-';

/** Which columns fit into `width` characters, and how wide they are for these rows. Without a width, all do. */
export function layOut<Row>(rows: readonly Row[], columns: readonly Column<Row>[], width?: number): Layout<Row> {
  const all = columns.map((column) => ({ column, spare: column.spare ?? 0, width: widthOf(column, rows) }));
  const ranks = [...new Set(all.map(({ spare }) => spare))].toSorted((a, b) => a - b);
  let kept: readonly number[] = [];
  for (const rank of ranks) {
    const wider = all.filter(({ spare }) => spare === rank || kept.includes(spare)).map((one) => one.width);
    if (rank === 0 || width === undefined || total(wider) <= width) kept = [...kept, rank];
  }
  const shown = all.filter(({ spare }) => kept.includes(spare));
  return { columns: shown.map(({ column }) => column), widths: shown.map((one) => one.width) };
}

/** A line of titles. */
export function titles<Row>({ columns, widths }: Layout<Row>, width?: number): Line {
  return fitted(
    columns.map(({ title }) => ({ text: title })),
    widths,
    width,
  );
}

/** One line a row. What is still too long for the screen is cut at its end. */
export function lines<Row>(rows: readonly Row[], { columns, widths }: Layout<Row>, width?: number): Line[] {
  return rows.map((row) => {
    const cells = columns.map((column) => ({ text: textOf(column, row), colour: column.colour?.(row) }));
    return fitted(cells, widths, width);
  });
}

function fitted(cells: readonly Span[], widths: readonly number[], width = Number.POSITIVE_INFINITY): Line {
  let left = width;
  return cells.map(({ text, colour }, index) => {
    const isLast = index === cells.length - 1;
    const whole = isLast ? text : `${text.padEnd(widths[index] ?? 0)}${GAP}`;
    const part = whole.length <= left ? whole : cut(whole, left);
    left -= part.length;
    return { text: part, colour };
  });
}

function cut(text: string, width: number): string {
  return width <= 0 ? '' : `${text.slice(0, width - 1)}…`;
}

/** Made plain here already, because that changes how wide it is; printing it changes nothing then. */
function textOf<Row>({ cell }: Column<Row>, row: Row): string {
  return plain(cell(row) ?? '') || NOTHING;
}

function widthOf<Row>(column: Column<Row>, rows: readonly Row[]): number {
  return rows.reduce((widest, row) => Math.max(widest, textOf(column, row).length), column.title.length);
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1));
}
