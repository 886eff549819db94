import { PeerwrightError } from '../../src/runtime/error.ts';
import type { CommandOptions } from './command.ts';
import type { LabNode } from './node.ts';

/** The real wg-quick on a machine of the lab, for one interface at a time. */
export interface WgQuick {
  readonly isUp: boolean;
  /** `wg-quick up` with this text as `wg0.conf`, and nothing else. Error: LabFailed with what it said. */
  up(confText: string): Promise<void>;
  /** `wg-quick down`, and the file is gone. Nothing happens when nothing is up. */
  down(): Promise<void>;
  /** What resolvconf was given: lines like `nameserver 10.0.0.10`. */
  dns(): Promise<readonly string[]>;
}

const FOLDER = '/run/wg-quick';
const FILE = `${FOLDER}/wg0.conf`;
const RECORD = `${FOLDER}/resolvconf.record`;

/** Keeps what `-a INTERFACE` is given, until `-d INTERFACE`: wg-quick needs no more of it, and nothing asks it here. */
const RESOLVCONF = `#!/bin/sh
case "$1" in
-a) exec cat > ${RECORD} ;;
-d) exec rm -f ${RECORD} ;;
esac
exit 1
`;

/**
 * /run and mounts are the machine's own, so a resolvconf that this computer has is covered there: wg-quick looks beside
 * itself first, and would change the name servers of this computer.
 */
const SETUP = `
umask 077
[ ! -e ${FOLDER} ] || exit 0
mkdir -p ${FOLDER}/bin
cat > ${FOLDER}/bin/resolvconf
chmod 0755 ${FOLDER}/bin/resolvconf
for folder in $(echo "$PATH" | tr : ' ') /usr/sbin /sbin; do
  [ ! -e "$folder/resolvconf" ] || mount --bind ${FOLDER}/bin/resolvconf "$folder/resolvconf"
done
`;

/**
 * The environment in which wg-quick finds that resolvconf, on a machine of the lab. wireguard-go is what it takes where
 * the kernel has no WireGuard.
 */
export async function wgQuickEnvironment(node: LabNode): Promise<NodeJS.ProcessEnv> {
  await must(node, ['sh', '-ec', SETUP], { input: RESOLVCONF });
  return { PATH: `${process.env['PATH']}:${FOLDER}/bin` };
}

/** Nothing of the file reaches a disk. */
export function wgQuickOn(node: LabNode): WgQuick {
  let isUp = false;
  return {
    get isUp() {
      return isUp;
    },
    async up(confText) {
      const env = await wgQuickEnvironment(node);
      await must(node, ['sh', '-ec', `umask 077; cat > ${FILE}`], { input: confText });
      await must(node, ['wg-quick', 'up', FILE], { env });
      isUp = true;
    },
    async down() {
      if (!isUp) return;
      await must(node, ['wg-quick', 'down', FILE], { env: await wgQuickEnvironment(node) });
      await must(node, ['rm', FILE]);
      isUp = false;
    },
    async dns() {
      const text = await must(node, ['sh', '-c', `[ ! -e ${RECORD} ] || cat ${RECORD}`]);
      return text.split('\n').filter((line) => line !== '');
    },
  };
}

async function must(node: LabNode, argv: readonly string[], options?: CommandOptions): Promise<string> {
  const { code, stdout, stderr } = await node.exec(argv, options);
  if (code === 0) return stdout;
  throw new PeerwrightError('LabFailed', `${argv.join(' ')}: ${stderr.trim()}`);
}
