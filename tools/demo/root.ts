/** Why this user cannot run the demo, in one line; undefined when nothing is in the way. */
export function needsRoot(uid: number | undefined): string | undefined {
  return uid === 0
    ? undefined
    : 'The demo makes network namespaces and WireGuard interfaces; run it as root: sudo make demo';
}
