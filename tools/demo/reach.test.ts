import { expect, test } from 'vitest';
import { meaningOf, renderReach, wrongAnswers, type ReachRow } from './reach.ts';
import { withoutNumbers } from './status.ts';

const row = (changes: Partial<ReachRow> = {}): ReachRow => ({
  from: 'laptop',
  to: 'server',
  address: '10.20.0.11',
  wanted: 'Answer',
  pingMs: 0.72,
  ...changes,
});
const silent = { to: 'metadata', address: '169.254.169.254', wanted: 'Silence' } as const;

test('each address has a line, and the second one of a place does not repeat it', () => {
  const rows = [row(), row({ address: 'fd00:20::11', pingMs: 12.344 }), row({ ...silent, pingMs: undefined })];
  expect(renderReach(rows)).toEqual([
    'FROM    TO        ADDRESS          PING',
    'laptop  server    10.20.0.11       0.72 ms',
    '                  fd00:20::11      12.34 ms',
    'laptop  metadata  169.254.169.254  none, and none is allowed',
  ]);
});

test('an answer that is missing, and one that must not come, are seen and named', () => {
  const rows = [row(), row({ pingMs: undefined }), row(silent), row({ ...silent, pingMs: undefined })];
  expect(wrongAnswers(rows)).toEqual([
    'laptop gets no answer from server at 10.20.0.11',
    'laptop gets an answer, which it must not, from metadata at 169.254.169.254',
  ]);
  expect(renderReach(rows)[2]).toMatch(/ -$/);
  expect(renderReach(rows)[3]).toMatch(/0\.72 ms, but none is allowed$/);
});

test('times alone mean nothing new, answers and words do', () => {
  expect(meaningOf(row({ pingMs: 3 }))).toBe(meaningOf(row()));
  expect(meaningOf(row({ pingMs: undefined }))).not.toBe(meaningOf(row()));
  const line = 'laptop   edge   True   Connected   59s   1.2KiB';
  expect(withoutNumbers('laptop   edge   True   Connected   1m4s   980B')).toBe(withoutNumbers(line));
  expect(withoutNumbers('laptop   edge   True   Idle   59s   1.2KiB')).not.toBe(withoutNumbers(line));
  expect(withoutNumbers('edge   10.0.0.1:51840   2   0   9s')).not.toBe(
    withoutNumbers('edge   10.0.0.1:51840   2   1   9s'),
  );
});
