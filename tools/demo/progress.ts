/** Where progress is written; `process.stdout` is one. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

const FRAME_MS = 100;
const SPINNER = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';
const SECONDS_COLUMN = 74;

interface RunningStep {
  readonly name: string;
  readonly started: number;
  note: string;
}

/**
 * Lines that stay, and below them, on a terminal, lines that are drawn again in place: the steps that are running, or
 * whatever `show` was given last. Elsewhere only what is finished is written, as plain lines.
 */
export class Progress {
  readonly isLive: boolean;
  readonly #out: Output;
  readonly #now: () => number;
  readonly #running = new Set<RunningStep>();
  #shown: readonly string[] = [];
  #meaning: string | undefined;
  #drawn = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `now` in milliseconds. */
  constructor(out: Output, now: () => number) {
    this.#out = out;
    this.#now = now;
    this.isLive = out.isTTY === true;
  }

  get columns(): number {
    return this.isLive ? this.#out.columns || 80 : Infinity;
  }

  print(text: string): void {
    this.#out.write(`${this.#eraser()}${text}\n`);
    this.#draw();
  }

  /** Runs a step; its line, with the seconds it took, is written when it ends. A note says more while it runs. */
  async step<T>(name: string, work: (note: (text: string) => void) => Promise<T>): Promise<T> {
    const step = { name, started: this.#now(), note: '' };
    this.#running.add(step);
    this.#animate();
    const end = (mark: string): void => {
      this.#running.delete(step);
      this.#animate();
      this.print(this.#line(mark, step));
    };
    try {
      const result = await work((text) => (step.note = text.trim()));
      end('✓');
      return result;
    } catch (error) {
      end('✗');
      throw error;
    }
  }

  /**
   * Replaces what was shown last. Elsewhere than on a terminal, and on one that it does not fit on, it is printed, and
   * again only when it says something else. `meaning` is what it says, without what changes all the time; default: all of it.
   */
  show(lines: readonly string[], meaning: string = lines.join('\n')): void {
    // The cursor goes no further up than the screen does.
    if (!this.isLive || lines.length >= (this.#out.rows || Infinity)) {
      this.#shown = [];
      if (meaning !== this.#meaning) this.print(lines.join('\n'));
      this.#meaning = meaning;
      return;
    }
    const eraser = this.#eraser();
    this.#shown = lines;
    this.#draw(eraser);
  }

  /** What is shown stays as it is, and what comes goes below it. */
  keep(): void {
    const shown = this.#shown;
    this.#shown = [];
    if (this.isLive && shown.length > 0) this.print(shown.join('\n'));
  }

  #animate(): void {
    if (this.isLive && this.#running.size > 0) this.#timer ??= setInterval(() => this.#redraw(), FRAME_MS);
    if (this.#running.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #redraw(): void {
    this.#draw(this.#eraser());
  }

  #draw(before = ''): void {
    if (!this.isLive) return;
    const spinner = SPINNER[Math.floor(this.#now() / FRAME_MS) % SPINNER.length] ?? '';
    const steps = [...this.#running].map((step) => this.#line(spinner, step));
    // A line that wraps would be two to the cursor.
    const lines = [...this.#shown, ...steps].map((line) => line.slice(0, this.columns - 1));
    this.#drawn = lines.length;
    this.#out.write(before + lines.map((line) => `${line}\n`).join(''));
  }

  /** To the first line of what was drawn, and everything from there away. */
  #eraser(): string {
    const up = this.#drawn;
    this.#drawn = 0;
    return this.isLive ? `\r${up > 0 ? `\x1b[${up}A` : ''}\x1b[J` : '';
  }

  #line(mark: string, { name, started, note }: RunningStep): string {
    const isRunning = mark !== '✓' && mark !== '✗';
    const text = isRunning && note !== '' ? `${name}: ${note}` : name;
    const seconds = `${((this.#now() - started) / 1000).toFixed(1)} s`;
    const width = Math.min(SECONDS_COLUMN, this.columns - 1);
    return `${mark} ${text}`.slice(0, width - 8).padEnd(width - 8) + seconds.padStart(8);
  }
}
