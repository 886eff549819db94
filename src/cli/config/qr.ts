import { encode } from 'uqr';
import { CliError } from '../failure.ts';

export interface QrOptions {
  /** Of the screen; undefined when it is none, which anything fits on. */
  readonly size: { readonly columns: number; readonly rows: number } | undefined;
  /** Draw in black on white whatever the colours of the screen are; cameras do not read the opposite. */
  readonly coloured: boolean;
}

/** Light modules around the code; readers need some, and with the four of the standard less fits on a screen. */
const BORDER = 2;

/** The text as lines of a QR code, two rows of modules in one. Throws CliError when it does not fit. */
export function qrCode(text: string, { size, coloured }: QrOptions): string {
  const { data } = encoded(text);
  const needed = { columns: data.length, rows: Math.ceil(data.length / 2) + 1 };
  if (size !== undefined && (needed.columns > size.columns || needed.rows > size.rows)) {
    const [needs, has] = [needed, size].map(({ columns, rows }) => `${columns} columns and ${rows} lines`);
    throw new CliError(`the QR code needs ${needs}, the terminal has ${has}`, {
      hint: 'enlarge the window or make its letters smaller; --no-dns makes the code smaller, --out writes a file instead',
    });
  }
  const lines = Array.from({ length: needed.rows - 1 }, (_, index) => line(data[2 * index], data[2 * index + 1]));
  // white on black of the fixed colours 231 and 16: light modules are the painted ones
  return lines.map((painted) => (coloured ? `\u001B[38;5;231;48;5;16m${painted}\u001B[0m\n` : `${painted}\n`)).join('');
}

function encoded(text: string) {
  try {
    return encode([...Buffer.from(text)], { ecc: 'L', boostEcc: true, border: BORDER });
  } catch {
    throw new CliError('the configuration is too long for a QR code', {
      hint: 'give the peer fewer clientRoutes, or use --out',
    });
  }
}

/** Dark modules are left blank, as the screen's background. */
function line(upper: readonly boolean[] = [], lower: readonly boolean[] = []): string {
  return upper.map((dark, index) => BLOCKS[dark ? 1 : 0][(lower[index] ?? false) ? 1 : 0]).join('');
}

/** By upper and lower module: 0 is light, 1 dark. */
const BLOCKS = [
  ['█', '▀'],
  ['▄', ' '],
] as const;
