import type { KubeClient, Page } from './client.ts';
import type { KubeObject } from './object.ts';

/** Lets all promises that can settle do so. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const STEP_MS = 100;

/** Lets time pass in small steps, so that what sleeps again after it woke gets its turn. */
export async function pass(clock: { advance(ms: number): void }, ms: number): Promise<void> {
  await settle();
  for (let left = ms; left > 0; left -= STEP_MS) {
    clock.advance(Math.min(left, STEP_MS));
    await settle();
  }
}

/** What one list or watch answers: pieces of a stream, then its end; an error; or pages. */
export type Answer =
  | StreamAnswer
  | { readonly pages: readonly Page<KubeObject>[]; readonly after?: Error }
  | { readonly refuse: Error };

interface StreamAnswer {
  readonly lines: readonly object[];
  readonly after: 'end' | 'hang' | Error;
}

export type WatchSource = Pick<KubeClient, 'watch' | 'pages'>;

/** Plays answers in order, whatever is asked, and hangs when they are used up. `asked` holds the queries. */
export function scriptedSource(answers: readonly Answer[]): WatchSource & { readonly asked: object[] } {
  const rest = [...answers];
  const asked: object[] = [];
  return {
    asked,
    async watch(_resource, { query, signal }) {
      asked.push(query ?? {});
      const answer = rest.shift() ?? { lines: [], after: 'hang' };
      if ('refuse' in answer) throw answer.refuse;
      if ('pages' in answer) throw new TypeError('The script expects a list here, not a watch');
      return Object.assign(stream(answer, signal), { destroy: () => undefined });
    },
    async *pages() {
      asked.push({ list: true });
      const answer = rest.shift();
      if (answer === undefined || 'lines' in answer) throw new TypeError('The script expects a watch here, not a list');
      if ('refuse' in answer) throw answer.refuse;
      // The script knows which kind it plays.
      yield* answer.pages as readonly Page<never>[];
      if (answer.after !== undefined) throw answer.after;
    },
  };
}

async function* stream(answer: StreamAnswer, signal: AbortSignal) {
  for (const line of answer.lines) yield Buffer.from(`${JSON.stringify(line)}\n`);
  if (answer.after instanceof Error) throw answer.after;
  if (answer.after === 'hang') {
    await new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  }
}
