import type { DeviceName } from '../../mesh/model.ts';
import type { Problem } from '../../mesh/problem.ts';
import { ProgramFailed } from '../exec.ts';
import type { Run } from '../exec.ts';
import type { FirewallRules } from '../port.ts';
import { NO_TABLE, freeGeneration, parseListing } from './listing.ts';
import type { Listing } from './listing.ts';
import { renderTable } from './render.ts';
import { prepareSets, removeTable, replaceTable, switchRules } from './transactions.ts';
import { TABLE } from './words.ts';

/**
 * Our nft table. Unchanged rules on an unchanged table cost one process that reads and none that writes; somebody
 * else's change to the table is seen in what it lists, and repaired.
 */
export class Firewall {
  readonly #run: Run;
  #loaded: Loaded | undefined;
  #guarded: ReadonlySet<DeviceName> = new Set();

  constructor(run: Run) {
    this.#run = run;
  }

  /** Whether the table in force names the device. */
  guards(device: DeviceName): boolean {
    return this.#guarded.has(device);
  }

  async load(rules: FirewallRules, signal: AbortSignal): Promise<readonly Problem[]> {
    try {
      const present = await this.#list(signal);
      if (this.#isInForce(rules, present)) return [];
      const { generation, text } = await this.#replace(rules, present, signal);
      this.#guarded = new Set(rules.devices.map(({ name }) => name));
      this.#loaded = { generation, text, listed: (await this.#list(signal)).digest };
      return [];
    } catch (error) {
      // What was in force before still is: a transaction is all or nothing. Only new devices stay down.
      if (!(await this.#isAsLoaded(signal))) this.#guarded = new Set();
      this.#loaded = undefined;
      if (!(error instanceof ProgramFailed)) throw error;
      return [{ code: 'FirewallUnavailable', message: `The firewall table cannot be loaded: ${error.message}` }];
    }
  }

  #isInForce(rules: FirewallRules, present: Listing): boolean {
    if (this.#loaded?.listed !== present.digest) return false;
    return this.#loaded.text === wholeText(rules, this.#loaded.generation);
  }

  /** Without a gap where there is a table that nobody else has changed; what somebody has changed is made anew. */
  async #replace(rules: FirewallRules, present: Listing, signal: AbortSignal): Promise<Omit<Loaded, 'listed'>> {
    const isDrifted = this.#loaded !== undefined && this.#loaded.listed !== present.digest;
    if (present !== NO_TABLE && present.isPlain && rules.devices.length > 0 && !isDrifted) {
      const generation = freeGeneration(present);
      if (await this.#goOver(rules, { present, generation }, signal)) {
        return { generation, text: wholeText(rules, generation) };
      }
    }
    const text = wholeText(rules, 1);
    await this.#write(text, signal);
    return { generation: 1, text };
  }

  /** False when there is something in the table that its rules cannot go over with: a chain on another hook, say. */
  async #goOver(
    rules: FirewallRules,
    { present, generation }: { readonly present: Listing; readonly generation: number },
    signal: AbortSignal,
  ): Promise<boolean> {
    const table = renderTable(rules, generation);
    try {
      await this.#write(prepareSets(table), signal);
      await this.#write(switchRules(table, present), signal);
      return true;
    } catch (error) {
      if (error instanceof ProgramFailed) return false;
      throw error;
    }
  }

  async #write(input: string, signal: AbortSignal): Promise<void> {
    await this.#run('nft', ['-f', '-'], { input, signal });
  }

  /** False when somebody took away or changed the table that we loaded, or when that cannot be seen. */
  async #isAsLoaded(signal: AbortSignal): Promise<boolean> {
    const listed = await this.#list(signal).catch(() => undefined);
    return listed !== undefined && listed.digest === this.#loaded?.listed;
  }

  async #list(signal: AbortSignal): Promise<Listing> {
    try {
      return parseListing((await this.#run('nft', ['-j', 'list', 'table', ...TABLE.split(' ')], { signal })).stdout);
    } catch (error) {
      if (error instanceof ProgramFailed && /No such file or directory/.test(error.stderr)) return NO_TABLE;
      throw error;
    }
  }
}

/** What was loaded, and how the kernel listed it then. */
interface Loaded {
  readonly generation: number;
  readonly text: string;
  readonly listed: string;
}

function wholeText(rules: FirewallRules, generation: number): string {
  return rules.devices.length === 0 ? removeTable() : replaceTable(renderTable(rules, generation));
}
