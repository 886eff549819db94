import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { missingIn } from './binaries.ts';
import { hexDigest, type ResolverPorts } from './ports.ts';
import type { Filled } from './resolve.ts';

/** The newest of envtest's releases whose checksums are known; near enough to the built version for every test. */
export const ENVTEST_VERSION = 'v1.36.2';

/** SHA-512 of the archives, from envtest-releases.yaml of kubernetes-sigs/controller-tools. */
const ARCHIVES: Readonly<Record<string, string>> = {
  'linux-amd64':
    'ea743186c8a799f5cf8faf16969f86189d003cb7d130e0ac4b58789f1e5748dcf30ebe91c837a10d5ac415383da3e10b9e64d65785c938c23e739781cfb76f08',
  'linux-arm64':
    '2d72ee985a8e262a3c57dc9f7f0fd891f6a8c7bf7ebaa2db6dc6d8eac8ae28181afe51c1f368b67756cdb40b10de9b205609e1726e5f27f7c6d824dd9c6649ac',
  'darwin-amd64':
    'b4fe9f973cd1992e3880f8b230ed32c0c243b83371591e3e3315f4404df2cdbef8ee94eeb9bb245b7e5feb987d5c4a76c43e0877654ab73f00d7bbc2b9984514',
  'darwin-arm64':
    '9278f9e5af556b2f1f2d139769c1f0d717c7b4426917fdebdba898bcb725a916e4910d6160886194ff9be9589ea7c5c32c2b8ae0754703874b7c8ba8ddfc41ce',
};

const ANSWER_MS = 3_000;
const WHOLE_MS = 300_000;

interface DownloadDeps {
  readonly ports: ResolverPorts;
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal;
  /** Default: this machine's. */
  readonly platform?: string;
  /** SHA-512 by platform; default: those committed here. */
  readonly archives?: Readonly<Record<string, string>>;
  /** How long the network may take to answer; default 3,000. */
  readonly patienceMs?: number;
}

/**
 * Fills a folder from envtest's archive. A network that does not answer within 3 s is passed over silently; an archive
 * with another checksum than the one committed here is never unpacked.
 */
export async function download(folder: string, deps: DownloadDeps): Promise<Filled> {
  const platform = deps.platform ?? thisPlatform();
  const expected = (deps.archives ?? ARCHIVES)[platform];
  if (expected === undefined) return { unavailable: `there is no archive for ${platform}` };
  const archive = await fetchArchive(platform, deps);
  if (!(archive instanceof Uint8Array)) return archive;
  if (hexDigest('sha512', archive) !== expected) return { unavailable: 'the archive has a wrong checksum' };
  return unpack(archive, folder, deps.ports);
}

async function fetchArchive(platform: string, deps: DownloadDeps): Promise<Uint8Array | Filled> {
  const name = `envtest-${ENVTEST_VERSION}`;
  const url = `https://github.com/kubernetes-sigs/controller-tools/releases/download/${name}/${name}-${platform}.tar.gz`;
  const answered = new AbortController();
  const impatience = setTimeout(() => answered.abort(), deps.patienceMs ?? ANSWER_MS);
  const signals = [answered.signal, AbortSignal.timeout(WHOLE_MS), ...(deps.signal ? [deps.signal] : [])];
  try {
    const response = await deps.ports.fetch(url, { signal: AbortSignal.any(signals) });
    clearTimeout(impatience);
    if (!response.ok) return { unavailable: `${url} answered ${response.status}` };
    deps.log(`Downloading etcd, kube-apiserver and kubectl ${ENVTEST_VERSION} (once)`);
    return new Uint8Array(await response.arrayBuffer());
  } catch {
    return { unavailable: 'the network did not answer' };
  } finally {
    clearTimeout(impatience);
  }
}

async function unpack(archive: Uint8Array, folder: string, ports: ResolverPorts): Promise<Filled> {
  const file = join(folder, 'archive.tar.gz');
  await writeFile(file, archive);
  // The three programs lie in controller-tools/envtest/.
  const { code, stderr } = await ports.runCommand(['tar', '-xzf', file, '-C', folder, '--strip-components=2']);
  await rm(file);
  if (code !== 0) return { unavailable: `the archive could not be unpacked: ${stderr.trim()}` };
  const missing = missingIn(folder, ports.exists);
  return missing.length > 0
    ? { unavailable: `the archive has no ${missing.join(', ')}` }
    : { version: ENVTEST_VERSION };
}

function thisPlatform(): string {
  return `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
}
