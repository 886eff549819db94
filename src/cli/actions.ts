/** Options of every command, as kubectl has them. */
export interface GlobalOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
}

export interface StatusOptions extends GlobalOptions {
  readonly output: 'table' | 'wide' | 'json' | 'yaml';
  readonly watch?: boolean;
  /** Labels, as kubectl takes them. */
  readonly selector?: string;
  readonly gateway?: string;
  readonly notReady?: boolean;
  readonly disconnected?: boolean;
  readonly check?: boolean;
  /** Where the reports of the agents are. */
  readonly systemNamespace: string;
}

export interface ConfigOptions extends GlobalOptions {
  readonly qr?: boolean;
  readonly dns: boolean;
  readonly out?: string;
  readonly force?: boolean;
}

export interface GraphOptions extends GlobalOptions {
  readonly systemNamespace: string;
  readonly output: 'text' | 'dot';
  readonly gateway?: string;
}

export type Shell = 'bash' | 'zsh' | 'fish';

/** What the commands do; each resolves to the exit code. */
export interface Actions {
  status(names: readonly string[], options: StatusOptions): Promise<number>;
  config(peer: string, options: ConfigOptions): Promise<number>;
  graph(options: GraphOptions): Promise<number>;
  explain(reason: string | undefined): Promise<number>;
  version(): Promise<number>;
  completion(shell: Shell): Promise<number>;
}
