/**
 * Who may import what: the layer table of ARCHITECTURE.md, as data. Allow-lists throughout, so a new layer, package
 * or built-in module is refused until somebody decides about it here.
 */
export interface Layer {
  /** Other parts of the tree that this one may import; its own files always. */
  readonly layers: readonly string[];
  /** Built-in modules without `node:`; `all` means all but those that are granted file by file. */
  readonly node: 'all' | readonly string[];
  /** npm packages, subpaths included. */
  readonly npm: readonly string[];
  /** npm packages for `import type` only: free at run time. */
  readonly npmTypes?: readonly string[];
  /** The sentence that a refused import gets to see. */
  readonly why: string;
}

const SHARED = ['api', 'mesh', 'keys', 'runtime'];
/** What processes say of themselves, for the reference: options and metrics. */
const DECLARATIONS = [
  'operator/config',
  'operator/metrics',
  'agent/config',
  'agent/metrics',
  'userspace/config',
  'kube/request-metrics',
];
const CLIENT_TYPES = ['@kubernetes/client-node'];

export const LAYERS: Readonly<Record<string, Layer>> = {
  api: { layers: [], node: [], npm: ['zod'], why: 'api/ is the contract: zod only.' },
  mesh: { layers: ['api'], node: [], npm: ['ip-address'], why: 'mesh/ is pure: values in, values out.' },
  keys: {
    layers: ['mesh', 'runtime'],
    node: ['crypto'],
    npm: ['age-encryption'],
    why: 'keys/ makes, derives, seals and proves keys; it knows no cluster and no interface.',
  },
  dataplane: {
    layers: ['mesh', 'runtime'],
    node: ['crypto', 'net', 'dgram', 'fs', 'fs/promises', 'dns', 'dns/promises', 'path', 'events'],
    npm: [],
    why: 'dataplane/ knows Linux, not Kubernetes; programs are started in dataplane/exec.ts.',
  },
  kube: {
    layers: ['runtime'],
    node: 'all',
    npm: ['undici', 'yaml'],
    npmTypes: CLIENT_TYPES,
    why: 'kube/ knows the API server, not WireGuard; the runtime of client-node costs 75 MB.',
  },
  runtime: {
    layers: [],
    node: 'all',
    npm: ['pino', 'zod', 'prom-client'],
    why: 'runtime/ is plumbing: it knows no domain.',
  },
  operator: {
    layers: [...SHARED, 'kube'],
    node: ['crypto'],
    npm: ['zod'],
    npmTypes: CLIENT_TYPES,
    why: 'The operator never touches a host, and processes never import each other.',
  },
  agent: {
    layers: [...SHARED, 'dataplane', 'kube'],
    node: 'all',
    npm: ['zod'],
    npmTypes: CLIENT_TYPES,
    why: 'The agent is privileged: few packages, and processes never import each other.',
  },
  userspace: {
    layers: ['mesh', 'dataplane', 'runtime'],
    node: 'all',
    npm: ['zod'],
    why: 'The userspace helper only runs wireguard-go, and processes never import each other.',
  },
  enroll: {
    layers: [...SHARED, 'kube'],
    node: ['http', 'https', 'crypto'],
    npm: ['zod', 'fastify'],
    npmTypes: CLIENT_TYPES,
    why: 'The enrolment server never touches a host, and processes never import each other.',
  },
  tunnel: {
    layers: [...SHARED, 'dataplane'],
    node: 'all',
    npm: ['zod', 'undici'],
    why: 'A tunnel never talks to the Kubernetes API, and processes never import each other.',
  },
  cli: {
    layers: [...SHARED, 'kube'],
    node: 'all',
    npm: ['zod', 'commander', 'yaml', 'uqr'],
    npmTypes: CLIENT_TYPES,
    why: 'The command line never configures a host, and processes never import each other.',
  },
  main: { layers: ['runtime'], node: [], npm: [], why: 'src/main.ts only picks the process: import its main.ts.' },
  tools: {
    layers: ['api', 'runtime', 'operator/policies', 'cli/program', ...DECLARATIONS],
    node: 'all',
    npm: ['yaml', 'zod', 'undici', 'oxlint'],
    npmTypes: CLIENT_TYPES,
    why: 'tools/ builds and shows the product; it takes only its contract, plumbing, shipped policies, command tree and what processes declare of themselves from src/.',
  },
};

/** What single files may import besides their layer's row. */
export const GRANTS: Readonly<Record<string, readonly string[]>> = {
  'src/dataplane/exec.ts': ['node:child_process'],
  'src/kube/config.ts': ['@kubernetes/client-node'],
  'src/kube/exec-plugin.ts': ['node:child_process'],
};

/** Built-in modules that no row of src/ covers: starting programs, and reaching the environment by the back door. */
export const GRANTED_ONLY: readonly string[] = [
  'child_process',
  'cluster',
  'worker_threads',
  'process',
  'module',
  'vm',
];
