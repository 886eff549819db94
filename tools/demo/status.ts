import { PeerwrightError } from '../../src/runtime/error.ts';
import { runCommand } from '../lab/command.ts';
import type { ControlPlane } from '../lab/control-plane.ts';
import { sourceOf } from '../lab/role.ts';
import { NAMESPACE } from './manifests.ts';

/** The lines of `peerwright status`. Error: DemoFailed with what it said. */
export async function statusText(controlPlane: ControlPlane, signal: AbortSignal): Promise<readonly string[]> {
  const argv = sourceOf('status', ['--kubeconfig', controlPlane.adminKubeconfig, '--namespace', NAMESPACE]);
  const { code, stdout, stderr } = await runCommand(argv, { signal });
  signal.throwIfAborted();
  if (code !== 0) throw new PeerwrightError('DemoFailed', `peerwright status: ${stderr.trim()}`);
  return stdout.trimEnd().split('\n');
}

/** What a line says without its ages and sizes, words like `1m4s` and `1.2KiB`, which are others whenever one looks. */
export function withoutNumbers(line: string): string {
  return line.replaceAll(/(?<!\S)\d[\d.]*[A-Za-z]\w*(?!\S)/g, '#').replaceAll(/ +/g, ' ');
}
