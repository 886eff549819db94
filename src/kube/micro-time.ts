/** RFC 3339 with microseconds, which Lease and Event times need (`metav1.MicroTime`); from milliseconds since the epoch. */
export function microTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '000Z');
}
