import { describe, expect, test } from 'vitest';
import { type Column, layOut, lines, titles } from './table.ts';

interface Row {
  readonly name: string;
  readonly note?: string;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'NAME', cell: ({ name }) => name },
  { title: 'SIZE', cell: ({ name }) => String(name.length), spare: 1 },
  { title: 'NOTE', cell: ({ note }) => note, spare: 2 },
];

function drawn(rows: readonly Row[], columns: readonly Column<Row>[], width?: number): string[] {
  const layout = layOut(rows, columns, width);
  return [titles(layout, width), ...lines(rows, layout, width)].map((line) => line.map(({ text }) => text).join(''));
}

describe('a table', () => {
  const rows = [{ name: 'laptop', note: 'a note that is long' }, { name: 'x' }];

  test('is as wide as its longest cells, with a dash where there is nothing', () => {
    expect(drawn(rows, COLUMNS)).toEqual([
      'NAME     SIZE   NOTE', //
      'laptop   6      a note that is long',
      'x        1      -',
    ]);
  });

  test('leaves out what can be spared where the screen is narrow, and cuts what cannot', () => {
    expect(drawn(rows, COLUMNS, 35)[1]).toBe('laptop   6      a note that is long');
    expect(drawn(rows, COLUMNS, 34)).toEqual(['NAME     SIZE', 'laptop   6', 'x        1']);
    expect(drawn(rows, COLUMNS, 12)).toEqual(['NAME', 'laptop', 'x']);
    expect(drawn(rows, COLUMNS, 4)).toEqual(['NAME', 'lap…', 'x']);
  });

  test('stays in line when a cell holds what has to be written out', () => {
    expect(drawn([{ name: 'a\nb' }, { name: 'c' }], COLUMNS.slice(0, 2))).toEqual([
      'NAME      SIZE',
      'a\\u{a}b   3',
      'c         1',
    ]);
  });
});
