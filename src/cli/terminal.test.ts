import { expect, test } from 'vitest';
import { recorded } from './terminal.testing.ts';

const SIZE = { columns: 80, rows: 4 };
const LINE = [{ text: 'up\u0007', colour: 'green' as const }, { text: ' plain' }];

test('a screen gets colours, unless NO_COLOR is set or it can show none', async () => {
  const screens = [recorded({ size: SIZE }), recorded({ size: SIZE, env: { NO_COLOR: '1' } }), recorded()];
  for (const { terminal } of screens) await terminal.print([LINE]);
  expect(screens.map(({ printed }) => printed.stdout)).toEqual([
    '\u001B[32mup\\u{7}\u001B[0m plain\n',
    'up\\u{7} plain\n',
    'up\\u{7} plain\n',
  ]);
  expect(recorded({ size: SIZE, env: { TERM: 'dumb' } }).terminal).toMatchObject({ isScreen: false, size: undefined });
});

test('drawing in place first makes room, then clears what was drawn; the last line stays on the screen', async () => {
  const { terminal, printed } = recorded({ size: SIZE, env: { NO_COLOR: '1' } });
  const draw = (...texts: string[]) => terminal.redraw(texts.map((text) => [{ text }]));
  await draw('1', '2', '3', '4');
  expect(printed.stdout).toBe('\n\n\n\n\u001B[H1\u001B[K\n... 2 more lines\u001B[K\n4\u001B[K\n\u001B[J');
  printed.stdout = '';
  await draw('1', '2', '3');
  expect(printed.stdout).toBe('\u001B[H1\u001B[K\n2\u001B[K\n3\u001B[K\n\u001B[J');
});

test('a note goes beside the output, on one line', () => {
  const { terminal, printed } = recorded();
  terminal.note('one\ntwo');
  expect(printed).toEqual({ stdout: '', stderr: 'one\\u{a}two\n' });
});
