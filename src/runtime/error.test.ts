import { expect, test } from 'vitest';
import { ERRORS, PeerwrightError } from './error.ts';

test('an error knows from its code whether to try again and what to do', () => {
  expect(new PeerwrightError('ListenFailed', 'port 1')).toMatchObject({
    code: 'ListenFailed',
    message: 'port 1',
    retry: 'never',
    hint: ERRORS.ListenFailed.hint,
  });
  expect(new PeerwrightError('CacheBehind', 'late')).toMatchObject({ retry: 'backoff' });
});

test('an error may know better what to do, when to try again, and why', () => {
  const cause = new Error('why');
  const error = new PeerwrightError('ApiThrottled', 'slow', { hint: 'Wait.', retry: { afterMs: 7_000 }, cause });
  expect(error).toMatchObject({ hint: 'Wait.', retry: { afterMs: 7_000 }, cause });
});

test('codes are one word, and what they mean and ask for is one sentence each', () => {
  for (const [code, doc] of Object.entries(ERRORS)) {
    expect(code).toMatch(/^[A-Z][A-Za-z]+$/);
    const texts = 'hint' in doc ? [doc.meaning, doc.hint] : [doc.meaning];
    for (const text of texts) expect(`${code}: ${text}`).toMatch(/^\w+: \w[^\n]{5,140}\.$/);
  }
});
