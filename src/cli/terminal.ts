import { plain, visible } from './visible.ts';

export type Colour = 'red' | 'green' | 'yellow' | 'dim' | 'bold';

/** A piece of a line. The text may come from anywhere: it is made plain when it is printed. */
export interface Span {
  readonly text: string;
  readonly colour?: Colour | undefined;
}

export type Line = readonly Span[];

/** The part of `process.stdout` and `process.stderr` that is used. */
export interface OutputStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string, written?: (error?: Error | null) => void): unknown;
}

export interface TerminalOptions {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const CODES: Readonly<Record<Colour, number>> = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 };

/** Where the program prints: a screen, or a file or pipe, which gets neither colours nor cuts. */
export class Terminal {
  readonly #stdout: OutputStream;
  readonly #stderr: OutputStream;
  /** Whether standard output is a screen that a person looks at. */
  readonly isScreen: boolean;
  readonly isColoured: boolean;
  #hasDrawn = false;

  constructor({ stdout, stderr, env }: TerminalOptions) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.isScreen = stdout.isTTY === true && env['TERM'] !== 'dumb';
    this.isColoured = this.isScreen && (env['NO_COLOR'] ?? '') === '';
  }

  /** Characters in a line and lines of the screen; undefined when it is none. */
  get size(): { readonly columns: number; readonly rows: number } | undefined {
    const { columns, rows } = this.#stdout;
    return this.isScreen && columns && rows ? { columns, rows } : undefined;
  }

  /** Resolves when the text has been taken. */
  print(lines: readonly Line[]): Promise<void> {
    return this.printRaw(lines.map((line) => `${this.#render(line)}\n`).join(''));
  }

  /** In place of what was drawn before. Of lines that do not fit, those before the last are left out, and counted. */
  redraw(lines: readonly Line[]): Promise<void> {
    const { rows = Number.POSITIVE_INFINITY } = this.size ?? {};
    // what the screen shows is the caller's: it scrolls up, as before any output
    const room = this.#hasDrawn ? '' : '\n'.repeat(Number.isFinite(rows) ? rows : 0);
    this.#hasDrawn = true;
    const drawn = fitted(lines, Math.max(1, rows - 1)).map((line) => `${this.#render(line)}\u001B[K\n`);
    return this.printRaw(`${room}\u001B[H${drawn.join('')}\u001B[J`);
  }

  /** For text that is our own or has been made safe. */
  printRaw(text: string): Promise<void> {
    // a write that fails is told by the stream itself, and ends the program
    return new Promise((resolve) => this.#stdout.write(text, (error) => (error ? undefined : resolve())));
  }

  /** A line beside the output, for the person who called. */
  note(text: string): void {
    this.#stderr.write(`${visible(text)}\n`);
  }

  #render(line: Line): string {
    return line.map(({ text, colour }) => this.#paint(plain(text), colour)).join('');
  }

  #paint(text: string, colour: Colour | undefined): string {
    return colour === undefined || !this.isColoured ? text : `\u001B[${CODES[colour]}m${text}\u001B[0m`;
  }
}

function fitted(lines: readonly Line[], rows: number): readonly Line[] {
  const more = lines.length - rows;
  if (more <= 0) return lines;
  const shown = lines.slice(0, Math.max(0, rows - 2));
  return [...shown, [{ text: `... ${lines.length - 1 - shown.length} more lines` }], ...lines.slice(-1)].slice(-rows);
}
