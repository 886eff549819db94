import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PeerwrightError } from '../../src/runtime/error.ts';
import type { CommandResult } from '../lab/command.ts';
import { cacheFolder } from './cache.ts';
import { readModule } from './module.ts';
import { systemPorts, type ResolverPorts } from './ports.ts';
import { resolveKubernetes, type ResolveOptions } from './resolve.ts';

let home: string;
beforeEach(async () => (home = await mkdtemp(join(tmpdir(), 'peerwright-resolve-'))));
afterEach(() => rm(home, { recursive: true, force: true }));

const ok = (stdout = ''): CommandResult => ({ code: 0, stdout, stderr: '' });
const absent: CommandResult = { code: 127, stdout: '', stderr: 'spawn ENOENT' };

/** A machine without network and with this Go, whose builds write the three programs after `building`. */
function machine(goVersion: string | undefined, building: Promise<void> = Promise.resolve()) {
  const commands: string[] = [];
  const ports: ResolverPorts = {
    ...systemPorts,
    fetch: () => Promise.reject(new TypeError('fetch failed')),
    async runCommand(argv) {
      commands.push(argv.join(' '));
      if (argv[0] !== 'go') return absent;
      if (argv[1] === 'env') return goVersion === undefined ? absent : ok(`go${goVersion}\n`);
      await building;
      const folder = argv[argv.indexOf('-o') + 1] ?? '';
      for (const name of ['server', 'kube-apiserver', 'kubectl']) await writeFile(join(folder, name), name);
      return ok();
    },
  };
  return { ports, commands };
}

function resolve(ports: ResolverPorts, more: Partial<ResolveOptions> = {}) {
  const lines: string[] = [];
  const env = { XDG_CACHE_HOME: home };
  const result = resolveKubernetes({ env, log: (line) => void lines.push(line), ports, ...more });
  return { lines, result };
}

async function folderOfThree(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const name of ['etcd', 'kube-apiserver', 'kubectl']) await writeFile(join(folder, name), name);
  return folder;
}

const theCache = async (): Promise<string> => cacheFolder({ XDG_CACHE_HOME: home }, await readModule());

describe('KUBEBUILDER_ASSETS', () => {
  test('comes before everything else, with the version that its API server says', async () => {
    const assets = await folderOfThree(join(home, 'assets'));
    const { ports } = machine('1.26.1');
    const env = { XDG_CACHE_HOME: home, KUBEBUILDER_ASSETS: assets };
    const { result } = resolve({ ...ports, runCommand: async () => ok('Kubernetes v1.34.5\n') }, { env });
    expect(await result).toEqual({
      folder: assets,
      etcd: join(assets, 'etcd'),
      kubeApiserver: join(assets, 'kube-apiserver'),
      kubectl: join(assets, 'kubectl'),
      version: 'v1.34.5',
      source: 'KUBEBUILDER_ASSETS',
    });
  });

  test('that lacks programs is an error that names them, not a reason to look elsewhere', async () => {
    const assets = await folderOfThree(join(home, 'assets'));
    await rm(join(assets, 'etcd'));
    await rm(join(assets, 'kubectl'));
    const { ports, commands } = machine('1.26.1');
    const { result } = resolve(ports, { env: { XDG_CACHE_HOME: home, KUBEBUILDER_ASSETS: assets } });
    await expect(result).rejects.toThrow(`KUBEBUILDER_ASSETS is ${assets}, which has no etcd and no kubectl`);
    expect(commands).toEqual([]);
  });
});

describe('the cache', () => {
  test('is filled by one build and then used without running anything', async () => {
    const first = machine('1.26.1');
    const { result, lines } = resolve(first.ports);
    expect(await result).toMatchObject({ source: 'build', version: (await readModule()).version });
    expect(lines.join()).toContain('about ten minutes, once');

    const second = machine(undefined);
    expect(await resolve(second.ports).result).toEqual(await result);
    expect(second.commands).toEqual([]);
    expect(await readdir(dirname(await theCache()))).toHaveLength(1);
  });

  test('is not believed without its marker', async () => {
    await folderOfThree(await theCache());
    const { ports, commands } = machine('1.26.1');
    await resolve(ports).result;
    expect(commands.some((command) => command.startsWith('go build'))).toBe(true);
  });

  test('is not believed when a program was lost', async () => {
    const { ports } = machine('1.26.1');
    const { etcd } = await resolve(ports).result;
    await rm(etcd);
    await resolve(ports).result;
    expect(existsSync(etcd)).toBe(true);
  });

  test('is filled once when two want it at the same time', async () => {
    const { promise, resolve: finish } = Promise.withResolvers<void>();
    const one = machine('1.26.1', promise);
    const other = machine('1.26.1', promise);
    const waits = Promise.withResolvers<void>();
    const sleep = async (): Promise<void> => {
      waits.resolve();
      await systemPorts.sleep(10);
    };
    const first = resolve({ ...one.ports, sleep }).result;
    const second = resolve({ ...other.ports, sleep }).result;
    await waits.promise;
    finish();
    expect(await first).toEqual(await second);
    const builds = [...one.commands, ...other.commands].filter((command) => command.startsWith('go build'));
    expect(builds).toHaveLength(1);
  });

  test('is not blocked by the lock of a dead process', async () => {
    const lock = `${await theCache()}.lock`;
    await mkdir(dirname(lock), { recursive: true });
    await writeFile(lock, '1\n');
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(lock, longAgo, longAgo);
    expect(await resolve(machine('1.26.1').ports).result).toMatchObject({ source: 'build' });
  });

  test('of a failed build stays empty', async () => {
    const { ports } = machine('1.26.1');
    const runCommand: ResolverPorts['runCommand'] = async (argv) =>
      argv[1] === 'build' ? { code: 1, stdout: '', stderr: 'no space left on device\n' } : ports.runCommand(argv);
    await expect(resolve({ ...ports, runCommand }).result).rejects.toThrow('no space left on device');
    expect(await readdir(dirname(await theCache()))).toEqual([]);
  });
});

describe('without any way', () => {
  test.each([
    ['no Go', undefined, 'Go is not installed'],
    ['an old Go', '1.25.9', 'go1.25.9 is older than Go 1.26'],
  ])('%s: one error says what was tried and what to install', async (_, go, reason) => {
    const { result } = resolve(machine(go).ports);
    const error = await result.catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(PeerwrightError);
    expect(error).toMatchObject({
      code: 'KubernetesUnavailable',
      message: expect.stringContaining(reason),
      hint: expect.stringMatching(/Install Go 1\.26 .* or set KUBEBUILDER_ASSETS/),
    });
  });

  test('an abort is not reported as something to install', async () => {
    const reason = new Error('Ctrl-C');
    const abort = new AbortController();
    const { ports } = machine('1.26.1');
    const runCommand: ResolverPorts['runCommand'] = async (argv) => {
      if (argv[1] === 'build') abort.abort(reason);
      return argv[1] === 'build' ? { code: 137, stdout: '', stderr: '' } : ports.runCommand(argv);
    };
    await expect(resolve({ ...ports, runCommand }, { signal: abort.signal }).result).rejects.toBe(reason);
  });
});
