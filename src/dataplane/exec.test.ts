import { describe, expect, test } from 'vitest';
import { ProgramFailed, run } from './exec.ts';
import { withSecretFiles } from './wireguard/secret-file.ts';

const signal = new AbortController().signal;

describe('run', () => {
  test('gives what the program printed for what it was given', async () => {
    expect(await run('cat', [], { input: 'hello', signal })).toEqual({ stdout: 'hello' });
  });

  test('an error names program, exit code and the end of stderr, and not the input', async () => {
    const script = 'cat >/dev/null; echo one >&2; echo two >&2; exit 3';
    const error = await failure(run('sh', ['-c', script], { input: 'swordfish', signal }));
    expect(error).toMatchObject({ program: 'sh', exitCode: 3, message: 'sh exited with 3: one; two' });
    expect(JSON.stringify(error)).not.toContain('swordfish');
  });

  test('output that may quote a secret is left out of the error', async () => {
    const script = 'cat <&3 >&2; exit 1';
    const error = await withSecretFiles(['swordfish'], (descriptors) =>
      failure(run('sh', ['-c', script], { descriptors, withholdOutput: true, signal })),
    );
    expect(`${error.message} ${error.stderr} ${JSON.stringify(error)}`).not.toContain('swordfish');
  });

  test('a program finds each secret at a descriptor of its own', async () => {
    const { stdout } = await withSecretFiles(['sword', 'fish'], (descriptors) =>
      run('cat', ['/dev/fd/4', '/dev/fd/3', '/dev/fd/4'], { descriptors, signal }),
    );
    expect(stdout).toBe('fishswordfish');
  });

  test('an exit code that the caller knows is no failure, and another one is', async () => {
    const options = { exitCodes: [1], signal };
    expect(await run('sh', ['-c', 'echo half; exit 1'], options)).toEqual({ stdout: 'half\n' });
    expect(await failure(run('sh', ['-c', 'exit 2'], options))).toMatchObject({ exitCode: 2 });
  });

  test('a program that is not there is an error that says so', async () => {
    const error = await failure(run('peerwright-no-such-program', [], { signal }));
    expect(error.exitCode).toBeUndefined();
    expect(error.message).toContain('cannot be started');
  });

  test('a program that takes too long is ended', async () => {
    const error = await failure(run('sleep', ['60'], { signal, timeoutMs: 50 }));
    expect(error.message).toBe('sleep failed: killed by SIGTERM');
  });

  test('an abort ends the program and is what is thrown', async () => {
    const controller = new AbortController();
    const running = run('sleep', ['60'], { signal: controller.signal });
    controller.abort(new Error('stopping'));
    await expect(running).rejects.toThrow('stopping');
  });
});

test('no key is written to a folder on a disk', async () => {
  await expect(withSecretFiles(['swordfish'], async () => {}, '/proc')).rejects.toThrow('not a tmpfs');
});

async function failure(running: Promise<unknown>): Promise<ProgramFailed> {
  const error: unknown = await running.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ProgramFailed) return error;
  throw new Error('expected the program to fail', { cause: error });
}
