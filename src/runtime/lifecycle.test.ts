import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { PeerwrightError } from './error.ts';
import { fakeLog } from './fake.ts';
import { INVALID_CONFIG, type Run, runProcess } from './lifecycle.ts';
import { withConfig } from './with-config.ts';

function start(run: Run) {
  const events = new EventEmitter();
  const log = fakeLog();
  return { events, log, exit: runProcess('test', run, { log, events }) };
}

const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve());
  });

test('a run that ends by itself exits 0 and leaves no listener behind', async () => {
  const { events, exit, log } = start(async () => {});
  expect(await exit).toBe(0);
  expect(events.eventNames()).toEqual([]);
  expect(log.lines).toEqual([]);
});

test.each(['SIGTERM', 'SIGINT'])('%s aborts the run, waits for it and exits 0', async (name) => {
  const steps: string[] = [];
  const { events, exit } = start(async (signal) => {
    await aborted(signal);
    await Promise.resolve();
    steps.push('cleaned up');
  });
  events.emit(name, name);
  expect(await exit).toBe(0);
  expect(steps).toEqual(['cleaned up']);
});

test('a run that rejects because it was aborted exits 0', async () => {
  const { events, exit, log } = start(async (signal) => {
    await aborted(signal);
    signal.throwIfAborted();
  });
  events.emit('SIGTERM', 'SIGTERM');
  expect(await exit).toBe(0);
  expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
});

test('a run that fails while it stops exits 1', async () => {
  const { events, exit } = start(async (signal) => {
    await aborted(signal);
    throw new Error('lost the disk');
  });
  events.emit('SIGTERM', 'SIGTERM');
  expect(await exit).toBe(1);
});

test('a second signal does not wait for a run that hangs', async () => {
  const { events, exit } = start(() => new Promise(() => {}));
  events.emit('SIGINT', 'SIGINT');
  events.emit('SIGINT', 'SIGINT');
  expect(await exit).toBe(130);
});

test('a run that fails is logged and exits 1', async () => {
  const error = new Error('boom');
  const { exit, log } = start(() => Promise.reject(error));
  expect(await exit).toBe(1);
  expect(log.lines).toEqual([{ level: 'error', fields: { process: 'test', error }, message: 'failed' }]);
});

test('a run that is aborted by something else than a signal exits 1', async () => {
  const { exit } = start(() => Promise.reject(new DOMException('timed out', 'AbortError')));
  expect(await exit).toBe(1);
});

test('a run that was configured wrongly exits 2', async () => {
  const { exit } = start(() => Promise.reject(new PeerwrightError(INVALID_CONFIG, 'no kubeconfig')));
  expect(await exit).toBe(2);
});

test.each(['uncaughtException', 'unhandledRejection'])('%s is logged, aborts the run and exits 1', async (event) => {
  let signal: AbortSignal | undefined;
  const { events, exit, log } = start((given) => {
    signal = given;
    return new Promise(() => {});
  });
  const error = new Error('nobody caught it');
  events.emit(event, error);
  expect(await exit).toBe(1);
  expect(signal?.aborted).toBe(true);
  expect(log.lines).toEqual([{ level: 'error', fields: { process: 'test', error }, message: 'uncaught error' }]);
});

function configured(...argv: string[]) {
  const written = { stdout: '', stderr: '' };
  const terminal = {
    stdout: { write: (text: string) => (written.stdout += text) },
    stderr: { write: (text: string) => (written.stderr += text) },
  };
  const schema = z.object({ port: z.int().default(80) });
  const exit = withConfig({ schema, program: 'peerwright x', argv, env: {}, terminal }, async ({ port }) => port);
  return exit.then((code) => ({ code, ...written }));
}

test('a program runs with its config and gives its exit code', async () => {
  expect(await configured('--port=7')).toEqual({ code: 7, stdout: '', stderr: '' });
});

test('help goes to standard output and exits 0', async () => {
  expect(await configured('--help')).toMatchObject({ code: 0, stdout: expect.stringContaining('--port'), stderr: '' });
});

test('all problems go to standard error and exit 2', async () => {
  const { code, stdout, stderr } = await configured('--port=x', '--prot=1');
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr.split('\n')).toEqual([
    'peerwright x cannot start:',
    '  --prot is not an option of this program: remove it; --help lists all.',
    '  --port=x is not valid: give a whole number.',
    'See peerwright x --help.',
    '',
  ]);
});
