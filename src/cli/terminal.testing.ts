import { Terminal } from './terminal.ts';

/** A terminal that remembers what was printed; with `size` a screen. */
export function recorded({
  size,
  env = {},
}: { size?: { columns: number; rows: number }; env?: Record<string, string> } = {}) {
  const printed = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    ...(size === undefined ? {} : { isTTY: true, ...size }),
    write(text: string, written?: () => void) {
      printed[name] += text;
      written?.();
    },
  });
  return { terminal: new Terminal({ stdout: stream('stdout'), stderr: stream('stderr'), env }), printed };
}
