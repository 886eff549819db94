import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCommand } from '../lab/command.ts';
import { download, ENVTEST_VERSION } from './download.ts';
import { hexDigest, systemPorts, type ResolverPorts } from './ports.ts';

let work: string;
let into: string;
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'peerwright-download-'));
  into = join(work, 'into');
  await mkdir(into);
});
afterEach(() => rm(work, { recursive: true, force: true }));

const quiet = { log: (): void => undefined };
const answering = (body: Uint8Array<ArrayBuffer>, status = 200): ResolverPorts => ({
  ...systemPorts,
  fetch: () => Promise.resolve(new Response(body, { status })),
});

/** An archive as envtest's are. */
async function archiveOf(names: readonly string[]): Promise<Uint8Array<ArrayBuffer>> {
  const folder = join(work, 'controller-tools', 'envtest');
  await mkdir(folder, { recursive: true });
  for (const name of names) await writeFile(join(folder, name), `program ${name}`);
  const file = join(work, 'made.tar.gz');
  await runCommand(['tar', '-czf', file, '-C', work, 'controller-tools']);
  return new Uint8Array(await readFile(file));
}

const known = (body: Uint8Array) => ({ platform: 'p', archives: { p: hexDigest('sha512', body) } });

test('an archive with the committed checksum is unpacked', async () => {
  const body = await archiveOf(['etcd', 'kube-apiserver', 'kubectl']);
  const filled = await download(into, { ports: answering(body), ...quiet, ...known(body) });
  expect(filled).toEqual({ version: ENVTEST_VERSION });
  expect(await readFile(join(into, 'kube-apiserver'), 'utf8')).toBe('program kube-apiserver');
  expect((await readdir(into)).toSorted()).toEqual(['etcd', 'kube-apiserver', 'kubectl']);
});

test('an archive with another checksum is never unpacked', async () => {
  const body = await archiveOf(['etcd', 'kube-apiserver', 'kubectl']);
  const expected = known(new Uint8Array([1]));
  const filled = await download(into, { ports: answering(body), ...quiet, ...expected });
  expect(filled).toEqual({ unavailable: 'the archive has a wrong checksum' });
  expect(await readdir(into)).toEqual([]);
});

test('an archive without a program is no use', async () => {
  const body = await archiveOf(['etcd', 'kubectl']);
  const filled = await download(into, { ports: answering(body), ...quiet, ...known(body) });
  expect(filled).toEqual({ unavailable: 'the archive has no kube-apiserver' });
});

test('an error page is not taken for an archive', async () => {
  const filled = await download(into, { ports: answering(new Uint8Array(), 404), ...quiet, platform: 'linux-amd64' });
  expect(filled).toEqual({ unavailable: expect.stringContaining('answered 404') });
});

test('a platform without an archive asks nobody', async () => {
  const ports = { ...systemPorts, fetch: () => Promise.reject(new Error('asked')) };
  expect(await download(into, { ports, ...quiet, platform: 'plan9-mips' })).toEqual({
    unavailable: 'there is no archive for plan9-mips',
  });
});

test('a network that does not answer is passed over silently', async () => {
  const lines: string[] = [];
  const fetch: ResolverPorts['fetch'] = (_, { signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
  const ports = { ...systemPorts, fetch };
  const log = (line: string) => void lines.push(line);
  const filled = await download(into, { ports, log, platform: 'linux-amd64', patienceMs: 20 });
  expect(filled).toEqual({ unavailable: 'the network did not answer' });
  expect(lines).toEqual([]);
});
