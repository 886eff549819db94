import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runCommand } from './command.ts';

/** A shell that says the pid of a child of its, and waits for it. */
const PARENT = ['sh', '-c', 'sleep 60 & echo $! >&2; wait'];

test('a signal and a time limit end a program together with its children', async () => {
  const aborted = new AbortController();
  const told = await runCommand(PARENT, { signal: aborted.signal, onStderr: () => aborted.abort() });
  const late = await runCommand(PARENT, { timeoutMs: 300 });
  for (const { code, stderr } of [told, late]) {
    expect(code).toBe(137);
    expect(Number(stderr)).toBeGreaterThan(1);
    await expect.poll(() => commandLine(stderr.trim())).toBe('');
  }
});

test('a program that is not to run any more does not run', async () => {
  expect(await runCommand(['sleep', '60'], { signal: AbortSignal.abort() })).toMatchObject({ code: 137 });
});

test('the end of a program is its code, its output, and 127 when there is none of that name', async () => {
  const echo = await runCommand(['sh', '-c', 'cat; echo oh >&2; exit 3'], { input: 'hi' });
  expect(echo).toEqual({ code: 3, stdout: 'hi', stderr: 'oh\n' });
  expect(await runCommand(['/no/such/program'])).toMatchObject({ code: 127 });
});

/** Empty for a process that has ended, also while nobody has asked for its exit code. */
function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
