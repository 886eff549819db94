import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { plain, visible, visibleJson, visibleYaml } from './visible.ts';

test.each([
  ['\u001B[31mred', '\\u{1b}[31mred'],
  ['a\r\nb\tc', 'a\\u{d}\\u{a}b\\u{9}c'],
  ['\u009B2J', '\\u{9b}2J'],
  ['\u202Egnp.exe\u2066', '\\u{202e}gnp.exe\\u{2066}'],
  ['zero\u200Bwidth\uFEFF', 'zero\\u{200b}width\\u{feff}'],
  ['\u2028\uD800', '\\u{2028}\\u{d800}'],
  ['no\u00A0blank, \u3164filler', 'no\\u{a0}blank, \\u{3164}filler'],
  ['plain, ünïcode, 日本, 🙂', 'plain, ünïcode, 日本, 🙂'],
])('%j is shown as %s', (text, shown) => {
  expect(visible(text)).toBe(shown);
});

const anyText = fc.string({ unit: 'binary' });

test('whatever the text is, it comes out as one line without anything that a terminal obeys', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(visible(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    }),
  );
});

test('text of others has nothing that looks like something else', () => {
  expect(plain('pеer ünïcode \u001B')).toBe('p\\u{435}er \\u{fc}n\\u{ef}code \\u{1b}');
  expect(plain('└─ peer ~')).toBe('└─ peer ~');
});

test('YAML keeps its value', () => {
  const value = '\u001B[2J\u202E\u{E0001}\u00A0';
  const text = visibleYaml(stringify(value, { defaultStringType: 'QUOTE_DOUBLE' }));
  expect(text).toMatch(/^[ -~]+\n$/);
  expect(text).toContain('\\U000e0001');
  expect(parse(text)).toBe(value);
});

test('JSON keeps its value, in text that a terminal does not obey', () => {
  fc.assert(
    fc.property(fc.dictionary(anyText, anyText), (value) => {
      const text = visibleJson(JSON.stringify(value, null, 2));
      expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});
