import { expect, test } from 'vitest';
import { Progress } from './progress.ts';

/** A stream, and a clock that is a tenth of a second later whenever it is read. */
function terminal(isTTY: boolean, size: { readonly rows?: number } = {}) {
  const written: string[] = [];
  let now = 0;
  const out = { isTTY, columns: 60, ...size, write: (text: string) => written.push(text) };
  return { progress: new Progress(out, () => (now += 100)), text: () => written.join('') };
}

const ESC = String.fromCodePoint(27);
const TOKEN = new RegExp(`${ESC}\\[\\d*[AJ]|[\\r\\n]|[^\\r\\n${ESC}]+`, 'g');

/** What a terminal shows after this text: it knows line feeds, carriage returns, cursor up, and erase below. */
function screenOf(text: string): readonly string[] {
  const lines: string[] = [''];
  let at = 0;
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '\n') lines[(at += 1)] ??= '';
    else if (token.endsWith('A')) at -= Number(token.slice(2, -1));
    else if (token === `${ESC}[J`) lines.splice(at, lines.length, '');
    else if (token !== '\r') lines[at] = (lines[at] ?? '') + token;
  }
  return lines;
}

test('a step is one plain line with its seconds where nobody looks live', async () => {
  const { progress, text } = terminal(false);
  expect(await progress.step('operator', async () => 7)).toBe(7);
  expect(text()).toMatch(/^✓ operator +0\.1 s\n$/);
});

test('a failed step is marked, and its error passed on', async () => {
  const { progress, text } = terminal(false);
  await expect(progress.step('operator', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(text()).toMatch(/^✗ operator/);
});

test('a terminal shows running steps below what is done, and nothing of them remains', async () => {
  const { progress, text } = terminal(true);
  const release = Promise.withResolvers<void>();
  const slow = progress.step('slow', () => release.promise);
  await progress.step('quick', async () => undefined);
  expect(screenOf(text()).map((line) => line.split(/ {2,}/)[0])).toEqual([
    '✓ quick',
    expect.stringMatching(/^\S slow$/),
    '',
  ]);
  release.resolve();
  await slow;
  expect(screenOf(text()).map((line) => line.split(/ {2,}/)[0])).toEqual(['✓ quick', '✓ slow', '']);
});

test('a terminal replaces what is shown, prints above it, and cuts lines that would wrap', () => {
  const { progress, text } = terminal(true);
  progress.show(['one', 'two']);
  progress.show(['x'.repeat(80)]);
  progress.print('above');
  expect(screenOf(text())).toEqual(['above', 'x'.repeat(59), '']);
});

test('what is kept stays, and what comes goes below it', () => {
  const { progress, text } = terminal(true);
  progress.show(['table']);
  progress.keep();
  progress.print('below');
  expect(screenOf(text())).toEqual(['table', 'below', '']);
});

test('elsewhere than on a terminal a table is written again only when it says something else', () => {
  const { progress, text } = terminal(false);
  for (const line of ['a', 'a', 'b']) progress.show([line]);
  for (const line of ['c 1 ms', 'c 2 ms']) progress.show([line], 'c');
  expect(text()).toBe('a\nb\nc 1 ms\n');
});

test('a terminal that is too small for a table gets it whole, and again only when it says something else', () => {
  const { progress, text } = terminal(true, { rows: 3 });
  for (const line of ['a', 'a', 'b']) progress.show([line, '', '']);
  progress.show(['small']);
  progress.keep();
  expect(screenOf(text())).toEqual(['a', '', '', 'b', '', '', 'small', '']);
});
