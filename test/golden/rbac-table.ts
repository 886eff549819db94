import { parseAllDocuments } from 'yaml';

/** One right: who may do what to which resource, and where (`cluster` or a namespace). */
export interface Right {
  readonly who: string;
  readonly where: string;
  /** `group/resource`; the core group is empty. */
  readonly resource: string;
  readonly verbs: readonly string[];
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

interface Manifest {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly rules?: readonly Rule[];
  readonly roleRef?: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly { readonly name: string; readonly namespace?: string }[];
}

/**
 * The rights that a file of roles and bindings grants, one a resource, in the order of the file. Roles without a
 * binding are listed as `<role> -> <role that contains it>`, or `<role> -> nobody`.
 */
export function rightsIn(yaml: string): Right[] {
  const manifests = parseAllDocuments(yaml).map((document) => document.toJS() as Manifest);
  const bindings = manifests.filter(({ kind }) => kind.endsWith('RoleBinding'));
  return manifests
    .filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole')
    .flatMap((role) => {
      const bound = bindings.filter(({ metadata, roleRef }) => {
        const here = role.kind === 'ClusterRole' || role.metadata.namespace === metadata.namespace;
        return here && roleRef?.kind === role.kind && roleRef.name === role.metadata.name;
      });
      if (bound.length === 0) return rightsOf(role, unboundHolder(role), 'wherever it is granted');
      return bound.flatMap(({ metadata, subjects = [] }) =>
        subjects.flatMap(({ namespace, name }) =>
          rightsOf(role, `${namespace}/${name}`, metadata.namespace ?? 'cluster'),
        ),
      );
    });
}

/** Rights as aligned, sorted lines of text. */
export function rbacTable(rights: readonly Right[]): string {
  const rows = rights.map(({ who, where, resource, verbs }) => [who, where, resource, [...verbs].sort().join(' ')]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  return `${lines.sort().join('\n')}\n`;
}

function rightsOf({ rules = [] }: Manifest, who: string, where: string): Right[] {
  return rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) => resources.map((resource) => ({ who, where, resource: `${group}/${resource}`, verbs }))),
  );
}

function unboundHolder({ metadata: { name, labels = {} } }: Manifest): string {
  const prefix = 'rbac.authorization.k8s.io/aggregate-to-';
  const into = Object.keys(labels).filter((label) => label.startsWith(prefix) && labels[label] === 'true');
  return `${name} -> ${into.map((label) => label.slice(prefix.length)).join(', ') || 'nobody'}`;
}
