import { expect, test } from 'vitest';
import { PeerwrightError } from './error.ts';
import { createLog, type LogFormat, type LogLevel } from './log.ts';
import { Secret } from './secret.ts';

function logTo(format: LogFormat = 'json', level: LogLevel = 'info') {
  const lines: string[] = [];
  return { lines, log: createLog({ level, format, destination: { write: (line) => lines.push(line) } }) };
}

const parsed = (line: string | undefined) => JSON.parse(line ?? '') as Record<string, unknown>;

test('a line is JSON with level, ISO time, message and fields, those of the parents included', () => {
  const { lines, log } = logTo();
  log.child({ role: 'agent' }).info({ node: 'n1' }, 'started');
  expect(lines).toHaveLength(1);
  expect(parsed(lines[0])).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    role: 'agent',
    node: 'n1',
    message: 'started',
  });
});

test('lines below the level are dropped', () => {
  const { lines, log } = logTo('json', 'warn');
  log.debug({}, 'a');
  log.info({}, 'b');
  log.warn({}, 'c');
  log.error({}, 'd');
  expect(lines.map((line) => parsed(line)['message'])).toEqual(['c', 'd']);
});

test('an error shows code, message, hint and the chain of its causes', () => {
  const { lines, log } = logTo();
  const cause = Object.assign(new Error('connect refused'), { code: 'ECONNREFUSED' });
  const error = new PeerwrightError('ApiUnreachable', 'The API server is gone', { hint: 'Start it.', cause });
  log.error({ error }, 'reconcile failed');
  expect(parsed(lines[0])['error']).toEqual({
    type: 'PeerwrightError',
    code: 'ApiUnreachable',
    message: 'The API server is gone',
    hint: 'Start it.',
    cause: { type: 'Error', code: 'ECONNREFUSED', message: 'connect refused' },
  });
});

test('an error that nobody foresaw shows where it was thrown', () => {
  const { lines, log } = logTo();
  log.error({ err: new TypeError('x is not a function') }, 'crashed');
  expect(parsed(lines[0])['err']).toMatchObject({
    type: 'TypeError',
    stack: expect.stringContaining('log.test.ts') as string,
  });
});

test('a cycle of causes ends, and all errors of an aggregate are shown', () => {
  const { lines, log } = logTo();
  const loop = new Error('loop');
  loop.cause = loop;
  log.error({ error: new AggregateError([loop, new Error('second')], 'both') }, 'failed');
  expect(lines[0]).toContain('second');
  expect(lines[0]?.length).toBeLessThan(20_000);
});

test.each(['json', 'text'] as const)('a secret prints [redacted] at any depth in %s', (format) => {
  const { lines, log } = logTo(format);
  const secret = new Secret(Buffer.from('canary-canary-canary-canary-1234'));
  log.info({ secret, deep: [{ secret }], error: new Error('e', { cause: secret }) }, 'made');
  expect(lines[0]?.match(/\[redacted\]/g)).toHaveLength(3);
  for (const form of ['utf8', 'base64', 'hex'] as const) {
    expect(lines[0]).not.toContain(Buffer.from(secret.reveal()).toString(form));
  }
});

test('the text format is one line for eyes', () => {
  const { lines, log } = logTo('text');
  log.warn({ node: 'n1', why: 'two words', count: 2 }, 'node lost');
  expect(lines[0]).toMatch(/^\S+Z WARN {2}node lost node=n1 why="two words" count=2\n$/);
});
