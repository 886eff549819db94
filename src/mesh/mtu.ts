/** Below, Linux takes IPv6 off an interface (RFC 8200, 5). */
const SMALLEST = 1280;
/** What WireGuard adds to a packet: 40 of IPv6, 8 of UDP, 32 of its own. */
const OVERHEAD = 80;
/** Of an interface in Linux, less what WireGuard adds. */
const LARGEST = 65_536 - OVERHEAD;
const USUAL_UNDERLAY = 1500;

/** The MTU of a device: as configured, else what fits into the packets of the underlay, 1500 when that is not known. */
export function deviceMtu(configured: number | undefined, underlay: number | undefined): number {
  return configured ?? Math.min(LARGEST, Math.max(SMALLEST, (underlay ?? USUAL_UNDERLAY) - OVERHEAD));
}
