import { spawn } from 'node:child_process';
import { isatty } from 'node:tty';
import type { PeerwrightError } from '../runtime/error.ts';
import type { ClientCertificate, Credentials } from './credentials.ts';
import { absolute, type Entry, type Fields, kubeconfigError, recordOf, textOf } from './kubeconfig-file.ts';

export interface ExecPlugin {
  /** Begins a message, such as `The kubeconfig ~/.kube/config gives no credentials for the user "me"`. */
  readonly what: string;
  /** The `exec` section of the user. */
  readonly fields: Fields;
  /** Of the kubeconfig: a command with a slash in it begins there. */
  readonly folder: string;
  /** For plugins that ask to be told about it. */
  readonly cluster: Entry;
  /** What the plugin finds in its environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

interface Credential {
  readonly token: string | undefined;
  readonly certificate: ClientCertificate | undefined;
  /** Milliseconds since the epoch. */
  readonly expiresMs: number;
}

/**
 * Credentials from a program that the kubeconfig names, as in client.authentication.k8s.io: run when there are none, when
 * they have expired, and when the server refused them. On a terminal it may talk to the person in front of it.
 */
export class PluginCredentials implements Credentials {
  readonly #plugin: ExecPlugin;
  #current: Credential | undefined;
  #running: Promise<Credential> | undefined;

  constructor(plugin: ExecPlugin) {
    this.#plugin = plugin;
  }

  async token(): Promise<string | undefined> {
    if (this.#current === undefined || this.#current.expiresMs <= Date.now()) await this.refresh();
    return this.#current?.token;
  }

  certificate(): ClientCertificate | undefined {
    return this.#current?.certificate;
  }

  /** However many calls ask at once, the plugin runs once. */
  async refresh(): Promise<void> {
    this.#running ??= credentialOf(this.#plugin).finally(() => (this.#running = undefined));
    this.#current = await this.#running;
  }
}

async function credentialOf(plugin: ExecPlugin): Promise<Credential> {
  const { fields, what } = plugin;
  const command = textOf(fields, 'command');
  if (command === undefined) throw failed(what, 'its exec section names no command');
  const status = recordOf(recordOf(parsed(await run(plugin, command), `${what}: ${command}`))['status']);
  const [token, cert, key] = ['token', 'clientCertificateData', 'clientKeyData'].map((name) => textOf(status, name));
  const certificate = cert === undefined || key === undefined ? undefined : { cert, key };
  if (token === undefined && certificate === undefined) throw failed(what, `${command} printed none`);
  const expires = Date.parse(textOf(status, 'expirationTimestamp') ?? '');
  return { token, certificate, expiresMs: Number.isNaN(expires) ? Number.POSITIVE_INFINITY : expires };
}

/** Resolves to what the plugin printed. */
function run(plugin: ExecPlugin, command: string): Promise<string> {
  const { fields, what, folder } = plugin;
  const isInteractive = textOf(fields, 'interactiveMode') !== 'Never' && isatty(0);
  if (textOf(fields, 'interactiveMode') === 'Always' && !isInteractive) {
    throw failed(
      what,
      `${command} needs a terminal`,
      'Run this from a terminal, or use a kubeconfig without questions.',
    );
  }
  const child = spawn(command.includes('/') ? absolute(folder, command) : command, textsOf(fields['args']), {
    env: environmentOf(plugin, isInteractive),
    stdio: [isInteractive ? 'inherit' : 'ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr.push(chunk);
    // a login may say there what the person has to do now
    if (isInteractive) process.stderr.write(chunk);
  });
  return new Promise((resolve, reject) => {
    child.on('error', (error) => reject(notStarted(what, command, { error, hint: textOf(fields, 'installHint') })));
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(Buffer.concat(stdout).toString('utf8'));
      const said = Buffer.concat(stderr).toString('utf8').trim().replaceAll(/\s+/g, ' ').slice(-MAX_QUOTED);
      reject(failed(what, `${command} failed (${signal ?? `exit code ${code}`})${said === '' ? '' : `: ${said}`}`));
    });
  });
}

const MAX_QUOTED = 300;

function environmentOf({ fields, cluster, env }: ExecPlugin, interactive: boolean): NodeJS.ProcessEnv {
  const own = (Array.isArray(fields['env']) ? fields['env'] : []).map(recordOf);
  const info = {
    apiVersion: textOf(fields, 'apiVersion'),
    kind: 'ExecCredential',
    spec: { interactive, ...(fields['provideClusterInfo'] === true ? { cluster: clusterInfo(cluster) } : {}) },
  };
  return {
    ...env,
    ...Object.fromEntries(own.map((one) => [textOf(one, 'name') ?? '', textOf(one, 'value') ?? ''])),
    KUBERNETES_EXEC_INFO: JSON.stringify(info),
  };
}

const CLUSTER_FIELDS = ['server', 'tls-server-name', 'insecure-skip-tls-verify', 'certificate-authority-data'];

function clusterInfo({ fields }: Entry): object {
  const extensions = (Array.isArray(fields['extensions']) ? fields['extensions'] : []).map(recordOf);
  const config = extensions.find(({ name }) => name === 'client.authentication.k8s.io/exec')?.['extension'];
  return { ...Object.fromEntries(CLUSTER_FIELDS.map((name) => [name, fields[name]])), config };
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** Nothing of the text is repeated: it holds the token. */
function parsed(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw failed(what, 'what it printed is no ExecCredential');
  }
}

interface Start {
  readonly error: Error;
  /** What the kubeconfig says about where the plugin comes from. */
  readonly hint: string | undefined;
}

function notStarted(what: string, command: string, { error, hint }: Start): PeerwrightError {
  const code = 'code' in error ? String(error.code) : error.name;
  return failed(what, `${command} cannot be started (${code})`, hint ?? `Install ${command}, or put it on the PATH.`);
}

const HINT = 'Log in again as this plugin wants it; `kubectl version` needs it, too.';

function failed(what: string, why: string, hint: string = HINT): PeerwrightError {
  return kubeconfigError(`${what}: ${why.replace(/\.$/, '')}.`, hint);
}
