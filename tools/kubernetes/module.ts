import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PeerwrightError } from '../../src/runtime/error.ts';
import { hexDigest } from './ports.ts';

/** The Go module beside this file pins what is built. */
export interface ToolsModule {
  readonly folder: string;
  /** Of k8s.io/kubernetes, for example `v1.37.2`. */
  readonly version: string;
  /** The first 12 hex digits of the SHA-256 of go.sum: another dependency is another build. */
  readonly checksum: string;
}

export async function readModule(folder: string = import.meta.dirname): Promise<ToolsModule> {
  const [mod, sum] = await Promise.all([
    readFile(join(folder, 'go.mod'), 'utf8'),
    readFile(join(folder, 'go.sum'), 'utf8'),
  ]);
  return { folder, version: kubernetesVersion(mod), checksum: hexDigest('sha256', sum).slice(0, 12) };
}

/** The version that a go.mod requires of k8s.io/kubernetes. */
export function kubernetesVersion(goMod: string): string {
  const version = /^(?:require)?\s+k8s\.io\/kubernetes (v\d+\.\d+\.\d+\S*)/m.exec(goMod)?.[1];
  if (version !== undefined) return version;
  throw new PeerwrightError('KubernetesUnavailable', 'tools/kubernetes/go.mod requires no k8s.io/kubernetes', {});
}
