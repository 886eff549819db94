import { join } from 'node:path';
import type { LabNode } from '../../tools/lab/node.ts';
import { sh } from './reachability-machines.ts';

export interface ReplacedNft extends AsyncDisposable {
  /** The real one. */
  readonly path: string;
  /** The machine, with the real one. */
  readonly machine: LabNode;
}

/** Until it is disposed of, everybody on this machine who calls nft gets this shell script, in which $NFT is the real one. */
export async function replaceNft(machine: LabNode, script: string): Promise<ReplacedNft> {
  const path = join(machine.folder, 'nft');
  const replacement = join(machine.folder, 'replaced-nft');
  const input = `#!/bin/sh\nNFT=${path}\n${script}\n`;
  const { code, stderr } = await machine.exec(['sh', '-ec', REPLACE, 'sh', path, replacement], { input });
  if (code !== 0) throw new Error(stderr);
  const exec: LabNode['exec'] = ([program = '', ...args], options) =>
    machine.exec([program === 'nft' ? path : program, ...args], options);
  const restore = async () => void (await sh(machine, 'umount "$(command -v nft)"'));
  return { path, machine: { ...machine, exec }, [Symbol.asyncDispose]: restore };
}

/** Only in the mount namespace of the machine. */
const REPLACE = `
cp "$(command -v nft)" "$1"
cat > "$2"
chmod 0755 "$2"
mount --bind "$2" "$(command -v nft)"
`;
