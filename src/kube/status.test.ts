import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { isAlreadyExists, isConflict, isNotFound, isThrottled } from './errors.ts';
import { errorOf, unreachable } from './status.ts';

const refusal = { what: 'update secrets net/edge', secret: false, retryAfter: undefined };

test('of two kinds of 409 the reason decides', () => {
  const taken = errorOf({ ...refusal, status: 409, body: { kind: 'Status', reason: 'AlreadyExists' } });
  const stale = errorOf({ ...refusal, status: 409, body: { kind: 'Status', reason: 'Conflict' } });
  expect([isAlreadyExists(taken), isConflict(taken)]).toEqual([true, false]);
  expect([isAlreadyExists(stale), isConflict(stale)]).toEqual([false, true]);
});

test('only a Status says that an object is gone: a kind that is not served, or a proxy, answers with plain text', () => {
  const gone = errorOf({ ...refusal, status: 404, body: { kind: 'Status', reason: 'NotFound' } });
  const notServed = errorOf({ ...refusal, status: 404, body: undefined });
  expect([isNotFound(gone), isNotFound(notServed)]).toEqual([true, false]);
  expect(notServed).toMatchObject({ code: 'ApiNotServed', retry: 'backoff' });
});

test('the HTTP status decides where there is no Status', () => {
  expect(errorOf({ ...refusal, status: 503, body: undefined }).code).toBe('ApiServerError');
  expect(errorOf({ ...refusal, status: 418, body: 'teapot' }).code).toBe('ApiRefused');
});

test('a throttled call is to be repeated when the server says', () => {
  const header = errorOf({ ...refusal, status: 429, body: {}, retryAfter: '3' });
  const details = errorOf({ ...refusal, status: 429, body: { details: { retryAfterSeconds: 7 } } });
  const silent = errorOf({ ...refusal, status: 429, body: undefined });
  expect([header, details, silent].map((error) => isThrottled(error) && error.retry.afterMs)).toEqual([
    3000, 7000, 1000,
  ]);
});

test('an error about a secret object names fields, never the text of the server', () => {
  const cause = { reason: 'FieldValueInvalid', field: 'data[key]', message: 'Invalid value: "hunter2"' };
  const body = { reason: 'Invalid', message: 'Invalid value: "hunter2"', details: { causes: [cause] } };
  const error = errorOf({ ...refusal, status: 422, body, secret: true });
  expect(inspect(error, { depth: 9 })).not.toContain('hunter2');
  expect(error.causes[0]?.field).toBe('data[key]');
  expect(error.message).toContain('net/edge');
});

test('a broken connection leaves nothing of what was received in the error', () => {
  const parser = Object.assign(new Error('Parse Error'), { code: 'HPE_INVALID', data: 'hunter2' });
  const error = unreachable('get secrets net/edge', parser);
  expect(inspect(error, { depth: 9 })).not.toContain('hunter2');
  expect(error).toMatchObject({ code: 'ApiUnreachable', reason: 'HPE_INVALID', retry: 'backoff' });
});

test('no server makes a throttled call wait for longer than a minute', () => {
  const error = errorOf({ ...refusal, status: 429, body: {}, retryAfter: '86400' });
  expect(error.retry).toEqual({ afterMs: 60_000 });
});
