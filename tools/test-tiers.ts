import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cannotDoNetworks } from './tiers/machine.ts';
import { countTests, prepare, runStatic, runVitest } from './tiers/run.ts';
import { type Counts, isGood, table, type Tally, totals } from './tiers/tally.ts';

/**
 * `node tools/test-tiers.ts TIER…` runs the tiers in turn and prints seconds and counts of each. The last line, also
 * written to .work/totals, is `N passed, N failed`, with `, N skipped` when a tier could not run here. Exits 1 when
 * anything failed or nothing passed.
 */
const KNOWN = ['static', 'unit', 'contract', 'api', 'netns'];
const NEEDS_NETWORKS = ['contract', 'netns'];
const NEEDS_KUBERNETES = ['api', 'netns'];
const WORK = join(import.meta.dirname, '../.work');

/** Finds or builds what a tier needs, once, with progress on stderr. */
class Preparation {
  readonly env: NodeJS.ProcessEnv = { ...process.env, ...(process.stdout.isTTY ? {} : { NO_COLOR: '1' }) };
  readonly #done = new Map<string, string | undefined>();

  /** The reason why the tier cannot be run although it should; undefined when all is there. */
  async for(tier: string): Promise<string | undefined> {
    if (NEEDS_NETWORKS.includes(tier) && (await this.#once('tools/linux/main.ts')) === undefined)
      return 'a program is missing, see above';
    if (!NEEDS_KUBERNETES.includes(tier)) return undefined;
    const folder = await this.#once('tools/kubernetes/main.ts');
    if (folder === undefined) return 'there is no API server, see above';
    this.env['KUBEBUILDER_ASSETS'] = folder;
    return undefined;
  }

  async #once(script: string): Promise<string | undefined> {
    if (!this.#done.has(script)) this.#done.set(script, await prepare(script, this.env));
    return this.#done.get(script);
  }
}

async function main(tiers: readonly string[]): Promise<number> {
  const unknown = tiers.filter((tier) => !KNOWN.includes(tier));
  if (tiers.length === 0 || unknown.length > 0) {
    process.stderr.write(
      `Name tiers out of: ${KNOWN.join(', ')}${unknown.length > 0 ? ` (not ${unknown.join(', ')})` : ''}.\n`,
    );
    return 2;
  }
  await rm(join(WORK, 'totals'), { force: true });
  const preparation = new Preparation();
  const tallies: Tally[] = [];
  for (const tier of tiers) tallies.push(await runTier(tier, preparation));
  const last = `${totals(tallies)}\n`;
  await mkdir(WORK, { recursive: true });
  await writeFile(join(WORK, 'totals'), last);
  process.stdout.write(`\n${table(tallies)}\n\n${last}`);
  return isGood(tallies) ? 0 : 1;
}

async function runTier(tier: string, preparation: Preparation): Promise<Tally> {
  process.stdout.write(`\n== ${tier}\n`);
  const started = performance.now();
  const done = (counts: Counts, reason?: string): Tally => ({
    tier,
    seconds: (performance.now() - started) / 1000,
    ...counts,
    ...(reason === undefined ? {} : { reason }),
  });
  if (tier === 'static') return done(await runStatic(preparation.env));
  const cannot = NEEDS_NETWORKS.includes(tier) ? cannotDoNetworks() : undefined;
  if (cannot !== undefined) {
    process.stdout.write(`${cannot}\n`);
    return done({ passed: 0, failed: 0, skipped: await countTests(tier, preparation.env) }, cannot);
  }
  const missing = await preparation.for(tier);
  if (missing !== undefined) return done({ passed: 0, failed: 1, skipped: 0 }, `failed: ${missing}`);
  return done(await runVitest(tier, preparation.env));
}

process.exitCode = await main(process.argv.slice(2));
