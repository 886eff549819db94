import { PeerwrightError } from '../../src/runtime/error.ts';
import { ensureLinuxTools } from '../lab/linux-tools.ts';

/** Makes sure of the Linux programs that tests and demo run, with apt where that is possible. Exits 1 when one is missing. */
try {
  await ensureLinuxTools(['wg', 'wireguard-go', 'nft', 'ip', 'ping']);
} catch (error) {
  if (!(error instanceof PeerwrightError)) throw error;
  process.stderr.write(`${error.message}. ${error.hint ?? ''}\n`);
  process.exitCode = 1;
}
