import { PeerwrightError } from '../../src/runtime/error.ts';
import { resolveKubernetes } from './resolve.ts';

/** Prints the folder with etcd, kube-apiserver and kubectl: `KUBEBUILDER_ASSETS=$(node tools/kubernetes/main.ts)`. */
async function main(): Promise<number> {
  const aborted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => aborted.abort());
  const terminal = process.stderr.isTTY;
  const log = (line: string): void => void process.stderr.write(`${terminal ? '\r\x1b[2K' : ''}${line}\n`);
  try {
    const { folder } = await resolveKubernetes({
      env: process.env,
      log,
      signal: aborted.signal,
      ...(terminal ? { progress: (text: string) => void process.stderr.write(`\r\x1b[2K${text}`) } : {}),
    });
    if (terminal) process.stderr.write('\r\x1b[2K');
    process.stdout.write(`${folder}\n`);
    return 0;
  } catch (error) {
    if (aborted.signal.aborted) return 130;
    if (!(error instanceof PeerwrightError)) throw error;
    log(error.hint === undefined ? error.message : `${error.message}. ${error.hint}`);
    return 1;
  }
}

process.exitCode = await main();
