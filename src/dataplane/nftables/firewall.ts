import type { DeviceName } from '../../mesh/model.ts';
import type { Problem } from '../../mesh/problem.ts';
import { digest } from '../../runtime/digest.ts';
import { ProgramFailed } from '../exec.ts';
import type { Run } from '../exec.ts';
import type { FirewallRules } from '../port.ts';
import { TABLE, renderTable } from './render.ts';

/**
 * Our nft table. Unchanged rules on an unchanged table cost one process that reads and none that writes; somebody
 * else's change to the table is seen in what it lists, and repaired.
 */
export class Firewall {
  readonly #run: Run;
  /** What was loaded, and how the kernel listed it then. */
  #loaded: { readonly text: string; readonly listed: string } | undefined;
  #guarded: ReadonlySet<DeviceName> = new Set();

  constructor(run: Run) {
    this.#run = run;
  }

  /** Whether the table in force names the device. */
  guards(device: DeviceName): boolean {
    return this.#guarded.has(device);
  }

  async load(rules: FirewallRules, signal: AbortSignal): Promise<readonly Problem[]> {
    const text = renderTable(rules);
    try {
      if (this.#loaded?.text === text && this.#loaded.listed === (await this.#list(signal))) return [];
      await this.#run('nft', ['-f', '-'], { input: text, signal });
      this.#guarded = new Set(rules.devices.map(({ name }) => name));
      this.#loaded = { text, listed: await this.#list(signal) };
      return [];
    } catch (error) {
      // What was in force before still is: a transaction is all or nothing. Only new devices stay down.
      if (!(await this.#isAsLoaded(signal))) this.#guarded = new Set();
      this.#loaded = undefined;
      if (!(error instanceof ProgramFailed)) throw error;
      return [{ code: 'FirewallUnavailable', message: `The firewall table cannot be loaded: ${error.message}` }];
    }
  }

  /** False when somebody took away or changed the table that we loaded, or when that cannot be seen. */
  async #isAsLoaded(signal: AbortSignal): Promise<boolean> {
    const listed = await this.#list(signal).catch(() => undefined);
    return listed !== undefined && listed === this.#loaded?.listed;
  }

  /** Digest of the table as the kernel has it; of nothing when it is absent. */
  async #list(signal: AbortSignal): Promise<string> {
    try {
      return digest((await this.#run('nft', ['-j', 'list', 'table', ...TABLE.split(' ')], { signal })).stdout);
    } catch (error) {
      if (error instanceof ProgramFailed && /No such file or directory/.test(error.stderr)) return '';
      throw error;
    }
  }
}
