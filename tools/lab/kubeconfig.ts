import { stringify } from 'yaml';

export type Credentials = { readonly token: string } | { readonly tokenFile: string };

export interface KubeconfigOptions {
  readonly name: string;
  /** `https://host:port`. */
  readonly server: string;
  readonly caFile: string;
  readonly credentials: Credentials;
}

/** The text of a kubeconfig with one cluster, one user and one context, all called `name`. */
export function kubeconfig({ name, server, caFile, credentials }: KubeconfigOptions): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{ name, cluster: { server, 'certificate-authority': caFile } }],
    users: [{ name, user: credentials }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  });
}
