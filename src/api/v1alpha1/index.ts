import type { Kind } from '../kind.ts';
import { WireGuardAddressBlock } from './address-block.ts';
import { WireGuardGateway } from './gateway.ts';
import { WireGuardNodeConfig } from './node-config.ts';
import { WireGuardNodeReport } from './node-report.ts';
import { WireGuardPeer } from './peer.ts';

export { WireGuardAddressBlock, WireGuardGateway, WireGuardNodeConfig, WireGuardNodeReport, WireGuardPeer };

/** Every kind of this version, the ones people write first. */
export const KINDS: readonly Kind[] = [
  WireGuardGateway,
  WireGuardPeer,
  WireGuardAddressBlock,
  WireGuardNodeConfig,
  WireGuardNodeReport,
];
