import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { SITE_LABEL } from '../../tools/demo/manifests.ts';
import { runCommand } from '../../tools/lab/command.ts';
import { Lab } from '../../tools/lab/lab.ts';
import type { LabNode } from '../../tools/lab/node.ts';
import { isLike, type Step } from '../support/guide.ts';
import { waitFor } from '../support/wait.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** What people have on their machines, and a lab has not: all of its machines share one folder, and are root. */
const PROGRAMS = {
  sudo: 'exec "$@"',
  scp: 'exit 0',
  resolvconf: 'cat > /dev/null',
};

/** A resolvconf that this computer has must not hear of it, and containers find /proc/sys read-only. */
const PREPARE = `
for folder in $(echo "$PATH" | tr : ' '); do
  [ "$folder" = "$1" ] || [ ! -e "$folder/resolvconf" ] || mount --bind "$1/resolvconf" "$folder/resolvconf"
done
[ -w /proc/sys/net/ipv4/ip_forward ] || mount -o remount,bind,rw /proc/sys
`;

/** Commands that change nothing, and whose output the guide shows as it is once everything has settled. */
const READS = /^(sudo )?(kubectl (-n \w+ )?(get|describe|wait) |ping |wg show |peerwright (?!.*--out))/;

/**
 * The machines that guides speak of. `node` is that of the gateway; `laptop`, `phone` and `branch` are remote; `desk` is in
 * the office behind `branch`, `server` in the network behind the node, and 203.0.113.11 somewhere beyond it.
 */
export class Readers implements AsyncDisposable {
  readonly #lab: Lab;
  readonly #folder: string;
  readonly #machines = new Map<string, LabNode>();

  private constructor(lab: Lab, folder: string) {
    this.#lab = lab;
    this.#folder = folder;
  }

  static async start(): Promise<Readers> {
    const folder = await mkdtemp(join(tmpdir(), 'peerwright-guides-'));
    const lab = await Lab.start({ prefix: 'guides', folder: join(folder, 'lab') });
    const readers = new Readers(lab, folder);
    try {
      await readers.#furnish();
      return readers;
    } catch (error) {
      await readers[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Does what the guide says; throws with what came out instead when that is not what it shows. */
  async follow(step: Step): Promise<void> {
    if (step.type === 'save') return writeFile(join(this.#work, step.file), step.text);
    let last = '';
    const look = async () => {
      const { code, stdout } = await this.#run(step.machine, step.command);
      last = `exit code ${code}\n${stdout}`;
      return (code !== 0) === step.fails && (step.output.length === 0 || isLike(stdout, step.output));
    };
    const patience = READS.test(step.command) && !step.fails ? 60_000 : 0;
    const what = `${step.machine}$ ${step.command}`;
    await waitFor(look, { what, timeoutMs: patience, everyMs: 500 }).catch((error) => {
      throw new Error(`${error.message}\nshown:\n${step.output.join('\n')}\nprinted: ${last}`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lab.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #work(): string {
    return join(this.#folder, 'work');
  }

  get #programs(): string {
    return join(this.#folder, 'programs');
  }

  async #furnish(): Promise<void> {
    await mkdir(this.#work);
    await mkdir(this.#programs);
    await symlink(this.#lab.controlPlane.kubernetes.kubectl, join(this.#programs, 'kubectl'));
    for (const [name, does] of Object.entries(PROGRAMS)) {
      await writeFile(join(this.#programs, name), `#!/bin/sh\n${does}\n`);
      await chmod(join(this.#programs, name), 0o755);
    }
    const node = await this.#lab.addNode('node-a', { labels: { [SITE_LABEL]: 'north' } });
    const inside = await this.#lab.addLan(node.node, { device: 'inside', v4: '10.20.0.0/24', v6: 'fd00:20::/64' });
    const beyond = await this.#lab.addLan(node.node, { device: 'beyond', v4: '203.0.113.0/24', v6: 'fd00:203::/64' });
    const branch = (await this.#lab.addClient('branch', { forwards: true })).node;
    const office = await this.#lab.addLan(branch, { device: 'office', v4: '192.168.7.0/24', v6: 'fd00:168:7::/64' });
    const machines = {
      node: node.node,
      branch,
      laptop: (await this.#lab.addClient('laptop')).node,
      phone: (await this.#lab.addClient('phone')).node,
      desk: await office.addHost('desk'),
      server: await inside.addHost('server'),
      beyond: await beyond.addHost('beyond'),
    };
    for (const [name, machine] of Object.entries(machines)) {
      await machine.exec(['sh', '-ec', PREPARE, 'sh', this.#programs]);
      this.#machines.set(name, machine);
    }
    await metadataService(node.node, machines.beyond);
    await this.#lab.addOperator(['--file-check-seconds', '2']);
  }

  async #run(name: string, command: string) {
    const path = [this.#programs, join(ROOT, 'bin'), process.env['PATH']].join(':');
    const env = { ...process.env, PATH: path, NO_COLOR: '1' };
    // nsenter goes to the root of the machine's mounts
    const argv = ['bash', '-c', `cd "$0" && { ${command}\n} 2>&1`, this.#work];
    const options = { env, timeoutMs: 120_000 };
    if (name === '') {
      const { adminKubeconfig } = this.#lab.controlPlane;
      const kube = { KUBECONFIG: adminKubeconfig, KUBECACHEDIR: join(this.#folder, 'kubectl-cache') };
      return runCommand(argv, { ...options, env: { ...env, ...kube } });
    }
    const machine = this.#machines.get(name);
    if (machine === undefined) throw new Error(`the lab has no machine ${name}`);
    return machine.exec(argv, options);
  }
}

/** Something that answers on the address of metadata services, and that the node reaches. */
async function metadataService(node: LabNode, host: LabNode): Promise<void> {
  await host.exec(['ip', 'address', 'add', '169.254.169.254/32', 'dev', 'eth0']);
  await node.exec(['ip', 'route', 'add', '169.254.169.254', 'dev', 'beyond']);
  const { code } = await node.exec(['ping', '-c', '1', '-W', '5', '169.254.169.254']);
  if (code !== 0) throw new Error('the node does not reach its metadata service');
}
