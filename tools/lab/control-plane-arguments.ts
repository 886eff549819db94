import { join } from 'node:path';

/** Where one control plane lives: its folder, address, ports and first administrator. */
export interface ControlPlaneLayout {
  readonly folder: string;
  readonly address: string;
  /** `https://address:port`. */
  readonly server: string;
  readonly adminToken: string;
  readonly ports: { readonly apiServer: number; readonly etcdClient: number; readonly etcdPeer: number };
}

const SERVICES = ['10.96.0.0/16', 'fd00:10:96::/112'];

/** Flags of etcd: one member on loopback. */
export function etcdArguments({ folder, ports }: ControlPlaneLayout): readonly string[] {
  const client = `http://127.0.0.1:${ports.etcdClient}`;
  const peer = `http://127.0.0.1:${ports.etcdPeer}`;
  return [
    '--name=lab',
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=lab=${peer}`,
    // The data need not outlive the machine.
    '--unsafe-no-fsync',
    '--log-level=warn',
  ];
}

/** Flags of kube-apiserver: as strict as a real cluster's (RBAC, Node, NodeRestriction), on one port, without audit. */
export function apiServerArguments({ folder, address, ports }: ControlPlaneLayout): readonly string[] {
  const key = join(folder, 'service-account');
  return [
    `--etcd-servers=http://127.0.0.1:${ports.etcdClient}`,
    `--cert-dir=${join(folder, 'certificates')}`,
    `--bind-address=${address}`,
    `--advertise-address=${address}`,
    `--secure-port=${ports.apiServer}`,
    `--token-auth-file=${join(folder, 'tokens.csv')}`,
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${key}.pub`,
    `--service-account-signing-key-file=${key}.key`,
    '--authorization-mode=RBAC,Node',
    '--enable-admission-plugins=NodeRestriction',
    // The first range must be of the family of the advertised address.
    `--service-cluster-ip-range=${(address.includes(':') ? [...SERVICES].reverse() : SERVICES).join(',')}`,
    '--event-ttl=1h',
    '--watch-cache=true',
    // A loopback address is no valid endpoint of the `kubernetes` Service, and nothing here dials that.
    '--endpoint-reconciler-type=none',
  ];
}
