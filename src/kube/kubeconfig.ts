import type { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from '../runtime/clock.ts';
import type { Connection } from './config.ts';
import { type ClientCertificate, type Credentials, TokenFile } from './credentials.ts';
import { PluginCredentials } from './exec-plugin.ts';
import {
  absolute,
  type Entry,
  invalid,
  kubeconfigError,
  type KubeconfigFiles,
  pemOf,
  recordOf,
  selectContext,
  type Selection,
  textOf,
} from './kubeconfig-file.ts';

export interface KubeconfigDeps {
  /** What exec plugins find in their environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** client-node, which knows the `auth-provider` of old; it costs 75 MB and a third of a second, so only these users pay. */
  readonly authProviders: () => Promise<{ readonly KubeConfig: new () => KubeConfig }>;
}

/** A connection from kubeconfig files, read as kubectl does. Error: KubeconfigInvalid. */
export async function kubeconfigConnection(source: KubeconfigFiles, deps: KubeconfigDeps): Promise<Connection> {
  const selection = selectContext(source);
  const { where, cluster, namespace } = selection;
  refuseUnsupported(selection);
  const server = textOf(cluster.fields, 'server');
  if (server === undefined || !URL.canParse(server)) throw invalid(where, 'names no server that is a URL');
  const serverName = textOf(cluster.fields, 'tls-server-name');
  const credentials = await credentialsOf(selection, source, deps);
  await credentials.token();
  return {
    server: server.replace(/\/+$/, ''),
    ca: pemOf(cluster, 'certificate-authority'),
    ...(serverName === undefined ? {} : { serverName }),
    ...(cluster.fields['insecure-skip-tls-verify'] === true ? { insecure: true } : {}),
    ...(namespace === undefined ? {} : { namespace }),
    credentials,
  };
}

/** Passing over one of these would mean other rights, or another way, than kubectl has with the same file. */
const UNSUPPORTED = {
  cluster: { 'proxy-url': 'asks for a proxy (proxy-url)' },
  user: { as: 'asks to act as another user (as)', username: 'has a password (username)' },
} as const;

function refuseUnsupported({ where, cluster, user }: Selection): void {
  const found = [
    ...Object.entries(UNSUPPORTED.cluster).filter(([name]) => cluster.fields[name]),
    ...Object.entries(UNSUPPORTED.user).filter(([name]) => user.fields[name]),
  ];
  for (const [, what] of found) throw invalid(where, `${what}, which is not supported`);
}

async function credentialsOf(
  { where, cluster, user, userName }: Selection,
  source: KubeconfigFiles,
  deps: KubeconfigDeps,
): Promise<Credentials> {
  const what = `The kubeconfig ${where} gives no credentials for the user "${userName}"`;
  const { fields, folder } = user;
  if (fields['exec']) {
    return new PluginCredentials({ what, fields: recordOf(fields['exec']), folder, cluster, env: deps.env });
  }
  if (fields['auth-provider']) {
    const { KubeConfig: Library } = await deps.authProviders();
    return new ProviderCredentials(user, { what, config: new Library() });
  }
  return new WrittenCredentials(user, { clock: deps.clock, again: () => selectContext(source).user });
}

/** A token, a token file or a client certificate, as the kubeconfig says; it is read anew after a refusal. */
class WrittenCredentials implements Credentials {
  readonly #again: () => Entry;
  readonly #tokenFile: TokenFile | undefined;
  #token: string | undefined;
  #certificate: ClientCertificate | undefined;

  constructor(user: Entry, { clock, again }: { clock: Pick<Clock, 'monotonic'>; again: () => Entry }) {
    const path = textOf(user.fields, 'tokenFile');
    this.#tokenFile = path === undefined ? undefined : new TokenFile(absolute(user.folder, path), { clock });
    this.#again = again;
    this.#take(user);
  }

  async token(): Promise<string | undefined> {
    return this.#tokenFile === undefined ? this.#token : await this.#tokenFile.token();
  }

  certificate(): ClientCertificate | undefined {
    return this.#certificate;
  }

  async refresh(): Promise<void> {
    this.#take(this.#again());
    await this.#tokenFile?.refresh();
  }

  #take(user: Entry): void {
    this.#token = textOf(user.fields, 'token')?.trim();
    const [cert, key] = [pemOf(user, 'client-certificate'), pemOf(user, 'client-key')];
    this.#certificate = cert === undefined || key === undefined ? undefined : { cert, key };
  }
}

/** What client-node makes of an `auth-provider`, such as `oidc`. */
class ProviderCredentials implements Credentials {
  readonly #config: KubeConfig;
  readonly #what: string;

  constructor({ fields }: Entry, { what, config }: { what: string; config: KubeConfig }) {
    const user = { name: 'user', authProvider: fields['auth-provider'] };
    config.loadFromClusterAndUser({ name: 'cluster', server: '', skipTLSVerify: false }, user);
    this.#config = config;
    this.#what = what;
  }

  async token(): Promise<string | undefined> {
    const options: Parameters<KubeConfig['applyToHTTPSOptions']>[0] = {};
    try {
      await this.#config.applyToHTTPSOptions(options);
    } catch {
      throw kubeconfigError(
        `${this.#what}: its auth-provider failed.`,
        'Log in again, and see whether `kubectl version` works.',
      );
    }
    return bearer(options.headers);
  }

  certificate(): undefined {
    return undefined;
  }

  /** Each look asks the provider, which renews what has expired. */
  refresh(): Promise<void> {
    return Promise.resolve();
  }
}

function bearer(headers: unknown): string | undefined {
  const header = Object.entries(recordOf(headers)).find(([name]) => name.toLowerCase() === 'authorization')?.[1];
  return typeof header === 'string' ? /^Bearer (\S+)$/.exec(header)?.[1] : undefined;
}
