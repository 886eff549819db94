import { PeerwrightError } from '../../src/runtime/error.ts';
import { BINARIES, binariesIn, missingIn, type Binaries } from './binaries.ts';
import { build, GO_NEEDED } from './build.ts';
import { cacheFolder, fillOnce, readCached } from './cache.ts';
import { download } from './download.ts';
import { readModule } from './module.ts';
import { systemPorts, type ResolverPorts } from './ports.ts';

export type KubernetesSource = 'KUBEBUILDER_ASSETS' | 'download' | 'build';

export interface Kubernetes extends Binaries {
  /** Of the API server, for example `v1.37.2`. */
  readonly version: string;
  /** Where they came from; for cached ones, where they once came from. */
  readonly source: KubernetesSource;
  /** The folder with the three programs. */
  readonly folder: string;
}

export interface ResolveOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly log: (line: string) => void;
  /** Gets the state of a build about once a second; omitted = a line to `log` every 30 s. */
  readonly progress?: (text: string) => void;
  readonly signal?: AbortSignal;
  readonly ports?: ResolverPorts;
}

/** One way to fill a folder with the three programs; a reason when it is not possible here. */
export type Filled = { readonly version: string } | { readonly unavailable: string };

/**
 * Finds or makes etcd, kube-apiserver and kubectl: `KUBEBUILDER_ASSETS`, else the user's cache, else envtest's archive if
 * the network answers within seconds, else a build with Go, which takes about ten minutes once.
 * Errors: KubernetesUnavailable, which says what to install; the signal's reason.
 */
export async function resolveKubernetes(options: ResolveOptions): Promise<Kubernetes> {
  const ports = options.ports ?? systemPorts;
  const assets = options.env['KUBEBUILDER_ASSETS'];
  if (assets !== undefined && assets !== '') return fromAssets(assets, ports);

  const module = await readModule();
  const folder = cacheFolder(options.env, module);
  const cached = (await readCached(folder, ports)) ?? (await fillOnce(folder, (into) => fill(into, options), options));
  return { ...binariesIn(folder), folder, version: cached.version, source: cached.source };
}

async function fromAssets(folder: string, ports: ResolverPorts): Promise<Kubernetes> {
  const missing = missingIn(folder, ports.exists);
  if (missing.length > 0) {
    throw unavailable(`KUBEBUILDER_ASSETS is ${folder}, which has no ${missing.join(' and no ')}`);
  }
  const binaries = binariesIn(folder);
  const { code, stdout, stderr } = await ports.runCommand([binaries.kubeApiserver, '--version']);
  const version = /v\d+\.\d+\.\d+\S*/.exec(stdout)?.[0];
  if (code !== 0 || version === undefined) {
    throw unavailable(`${binaries.kubeApiserver} does not run here: ${(stderr || stdout).trim()}`);
  }
  return { ...binaries, folder, version, source: 'KUBEBUILDER_ASSETS' };
}

async function fill(folder: string, options: ResolveOptions) {
  const deps = { ports: options.ports ?? systemPorts, ...options };
  const reasons: string[] = [];
  for (const [source, way] of [['download', download] as const, ['build', build] as const]) {
    const result = await way(folder, deps);
    options.signal?.throwIfAborted();
    if ('version' in result) return { version: result.version, source };
    reasons.push(`${source}: ${result.unavailable}`);
  }
  throw unavailable(`There is no Kubernetes API server to run (${reasons.join('; ')})`);
}

function unavailable(message: string): PeerwrightError {
  return new PeerwrightError('KubernetesUnavailable', message, {
    hint: `Install Go ${GO_NEEDED} or newer (https://go.dev/dl), or set KUBEBUILDER_ASSETS to a folder with ${BINARIES.join(', ')}.`,
  });
}
