import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import type * as ClientNode from '@kubernetes/client-node';
import { PeerwrightError } from '../runtime/error.ts';
import type { Connection } from './config.ts';
import { type ClientCertificate, type Credentials, TokenFile } from './credentials.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';

type KubeConfig = ClientNode.KubeConfig;

/** client-node, handed in so that only who needs a kubeconfig loads its 75 MB. */
type Library = Pick<typeof ClientNode, 'KubeConfig' | 'loadYaml'>;

/** A connection from kubeconfig files, merged in order as kubectl does. Exec plugins are run by client-node. */
export async function kubeconfigConnection(
  library: Library,
  files: readonly string[],
  {
    context,
    clock = systemClock,
  }: { readonly context?: string | undefined; readonly clock?: Pick<Clock, 'monotonic'> },
): Promise<Connection> {
  const load = () => read(library, files, context);
  const config = load();
  const cluster = config.getCurrentCluster();
  const where = files.join(', ');
  if (!cluster) throw invalid(where, `names no cluster for the context "${config.getCurrentContext()}"`);
  if (cluster.proxyUrl) throw invalid(where, 'asks for a proxy (proxy-url), which is not supported');
  const fromConfig = new KubeconfigCredentials(load, where);
  await fromConfig.refresh();
  const tokenFile = tokenFileOf(library, files, config.getCurrentUser()?.name);
  const credentials = tokenFile === undefined ? fromConfig : new TokenFile(tokenFile, { clock });
  await credentials.token();
  return {
    server: cluster.server,
    ca: fromConfig.ca,
    ...(cluster.tlsServerName ? { serverName: cluster.tlsServerName } : {}),
    ...(cluster.skipTLSVerify ? { insecure: true } : {}),
    credentials,
  };
}

/** What client-node does not read: a file that someone else rotates the token in. */
function tokenFileOf(library: Library, files: readonly string[], userName: string | undefined): string | undefined {
  interface Users {
    readonly users?: readonly { readonly name?: string; readonly user?: { readonly tokenFile?: string } }[];
  }
  for (const file of files) {
    const { users = [] } = library.loadYaml<Users | undefined>(readFileSync(file, 'utf8')) ?? {};
    const tokenFile = users.find((user) => user.name === userName)?.user?.tokenFile;
    if (tokenFile !== undefined) return isAbsolute(tokenFile) ? tokenFile : join(dirname(file), tokenFile);
  }
  return undefined;
}

class KubeconfigCredentials implements Credentials {
  readonly #load: () => KubeConfig;
  readonly #where: string;
  #config: KubeConfig | undefined;
  #certificate: ClientCertificate | undefined;
  ca: string | undefined;

  constructor(load: () => KubeConfig, where: string) {
    this.#load = load;
    this.#where = where;
  }

  /** client-node runs the exec plugin again when the token it gave has expired. */
  async token(): Promise<string | undefined> {
    return this.#apply((this.#config ??= this.#load()));
  }

  certificate(): ClientCertificate | undefined {
    return this.#certificate;
  }

  async refresh(): Promise<void> {
    this.#config = this.#load();
    await this.#apply(this.#config);
  }

  async #apply(config: KubeConfig): Promise<string | undefined> {
    const options: Parameters<KubeConfig['applyToHTTPSOptions']>[0] = {};
    try {
      await config.applyToHTTPSOptions(options);
    } catch (cause) {
      throw invalid(this.#where, `gives no credentials for the user "${config.getCurrentUser()?.name ?? ''}"`, cause);
    }
    this.ca = pem(options.ca);
    const [cert, key] = [pem(options.cert), pem(options.key)];
    this.#certificate = cert === undefined || key === undefined ? undefined : { cert, key };
    return bearer(options.headers);
  }
}

function read(library: Library, files: readonly string[], context: string | undefined): KubeConfig {
  const [first, ...others] = files.map((file) => readOne(library, file));
  if (first === undefined) throw invalid('(none)', 'was not named');
  for (const other of others) first.mergeConfig(other, true);
  if (context !== undefined) first.setCurrentContext(context);
  if (first.getContextObject(first.getCurrentContext()) === null) {
    const names = first.getContexts().map(({ name }) => name);
    throw invalid(
      files.join(', '),
      `has no context "${first.getCurrentContext()}", only: ${names.join(', ') || 'none'}`,
    );
  }
  return first;
}

function readOne(library: Library, file: string): KubeConfig {
  const config = new library.KubeConfig();
  try {
    config.loadFromFile(file);
  } catch (cause) {
    throw invalid(file, 'cannot be read', cause);
  }
  return config;
}

/** A parser's message may quote the file, and the file holds credentials: only a system error's code is passed on. */
function invalid(file: string, what: string, cause?: unknown): PeerwrightError {
  const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
  return new PeerwrightError('KubeconfigInvalid', `The kubeconfig ${file} ${what}${code}.`, {
    retry: 'never',
    hint: 'Check it with `kubectl config view`, and that `kubectl version` reaches the server with it.',
  });
}

function pem(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return Buffer.isBuffer(value) ? value.toString('utf8') : undefined;
}

function bearer(headers: unknown): string | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined;
  const header: unknown = Object.entries(headers).find(([name]) => name.toLowerCase() === 'authorization')?.[1];
  return typeof header === 'string' ? /^Bearer (\S+)$/.exec(header)?.[1] : undefined;
}
