import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandResult } from '../lab/command.ts';
import { readModule, type ToolsModule } from './module.ts';
import type { ResolverPorts } from './ports.ts';
import type { Filled } from './resolve.ts';

/** The oldest Go that the module beside this file accepts. */
export const GO_NEEDED = '1.26';

const PACKAGES = ['k8s.io/kubernetes/cmd/kube-apiserver', 'go.etcd.io/etcd/server/v3', 'k8s.io/kubernetes/cmd/kubectl'];
const BOUND_MS = 3_600_000;
const QUIET_REPORT_SECONDS = 30;

interface BuildDeps {
  readonly env: NodeJS.ProcessEnv;
  readonly ports: ResolverPorts;
  readonly log: (line: string) => void;
  readonly progress?: (text: string) => void;
  readonly signal?: AbortSignal;
}

/** Fills a folder with a build of the Go module beside this file: about ten minutes on two cores, seconds when repeated. */
export async function build(folder: string, deps: BuildDeps): Promise<Filled> {
  const problem = await goProblem(deps);
  if (problem !== undefined) return { unavailable: problem };
  const module = await readModule();
  deps.log(`Building etcd, kube-apiserver and kubectl ${module.version} with Go: this takes about ten minutes, once`);
  const { code, stderr } = await compile(module, folder, deps);
  if (code !== 0) return { unavailable: `go build failed: ${stderr.trimEnd().split('\n').slice(-10).join('\n')}` };
  // Go names a program after the last element of its path.
  await rename(join(folder, 'server'), join(folder, 'etcd'));
  return { version: module.version };
}

/** Why Go cannot build it; undefined when it can. */
async function goProblem({ ports, env }: BuildDeps): Promise<string | undefined> {
  // `local`: an old Go would try to download a newer one, and hang where it cannot.
  const { code, stdout } = await ports.runCommand(['go', 'env', 'GOVERSION'], {
    cwd: '/',
    env: { ...env, GOTOOLCHAIN: 'local' },
  });
  if (code !== 0) return 'Go is not installed';
  const [, major = '0', minor = '0'] = /^go(\d+)\.(\d+)/.exec(stdout) ?? [];
  const [neededMajor = 0, neededMinor = 0] = GO_NEEDED.split('.').map(Number);
  const enough = Number(major) > neededMajor || (Number(major) === neededMajor && Number(minor) >= neededMinor);
  return enough ? undefined : `${stdout.trim()} is older than Go ${GO_NEEDED}`;
}

async function compile(module: ToolsModule, folder: string, deps: BuildDeps): Promise<CommandResult> {
  const progress = startProgress(deps);
  try {
    const argv = ['go', 'build', '-v', '-trimpath', '-ldflags', linkerFlags(module.version), '-o', folder, ...PACKAGES];
    return await deps.ports.runCommand(argv, {
      cwd: module.folder,
      env: { ...deps.env, CGO_ENABLED: '0' },
      timeoutMs: BOUND_MS,
      onStderr: progress.sawOutput,
      ...(deps.signal === undefined ? {} : { signal: deps.signal }),
    });
  } finally {
    progress.stop();
  }
}

/** Without these, `/version` says v0.0.0. */
function linkerFlags(version: string): string {
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(version) ?? [];
  const variables = { gitVersion: version, gitMajor: major, gitMinor: minor };
  const set = Object.entries(variables).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`);
  return ['-s -w', ...set].join(' ');
}

/** `go build -v` names each package on a line of its own as it is compiled. */
function startProgress({ log, progress }: BuildDeps) {
  const started = performance.now();
  let packages = 0;
  const report = (): void => {
    const seconds = Math.round((performance.now() - started) / 1000);
    (progress ?? log)(`  ${packages} packages compiled, ${seconds} s`);
  };
  const timer = setInterval(report, progress === undefined ? QUIET_REPORT_SECONDS * 1000 : 1000);
  return {
    sawOutput: (text: string) => void (packages += text.split('\n').length - 1),
    stop: () => clearInterval(timer),
  };
}
