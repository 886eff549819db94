import { expect, test } from 'vitest';
import { qrCode } from './qr.ts';

const TEXT = 'x'.repeat(380);
const LARGE = { columns: 200, rows: 100 };

test('a code fits a screen that is just large enough, and is refused by a smaller one with a hint', () => {
  const lines = qrCode(TEXT, { size: undefined, coloured: false }).trimEnd().split('\n');
  const [columns, rows] = [lines[0]?.length ?? 0, lines.length + 1];
  expect(new Set(lines.map((line) => line.length))).toEqual(new Set([columns]));
  expect(qrCode(TEXT, { size: { columns, rows }, coloured: false }).trimEnd().split('\n')).toEqual(lines);
  for (const size of [
    { columns: columns - 1, rows },
    { columns, rows: rows - 1 },
  ])
    expect(() => qrCode(TEXT, { size, coloured: false })).toThrow(
      `the QR code needs ${columns} columns and ${rows} lines, the terminal has ${size.columns} columns and ${size.rows} lines`,
    );
});

test('on a screen every line is white on black, and nothing else', () => {
  const plain = qrCode(TEXT, { size: LARGE, coloured: false });
  const coloured = qrCode(TEXT, { size: LARGE, coloured: true });
  const [white, end] = ['\u001B[38;5;231;48;5;16m', '\u001B[0m'];
  expect(coloured).toBe(plain.replaceAll(/.+/g, (line) => `${white}${line}${end}`));
});

test('what no code can hold is refused', () => {
  expect(() => qrCode('x'.repeat(3_000), { size: LARGE, coloured: false })).toThrow('too long for a QR code');
});
