import type { LabNode } from '../lab/node.ts';
import { ping } from '../lab/ping.ts';

/** From where to where a ping has to get through, or must not. */
export interface Probe {
  readonly from: string;
  readonly machine: LabNode;
  readonly to: string;
  readonly addresses: readonly string[];
  readonly wanted: 'Answer' | 'Silence';
}

export interface ReachRow extends Omit<Probe, 'machine' | 'addresses'> {
  readonly address: string;
  /** Round trip; undefined: no answer. */
  readonly pingMs: number | undefined;
}

const GAP = '  ';

/** One ping to each address, all at once. */
export function reach(probes: readonly Probe[]): Promise<readonly ReachRow[]> {
  const rows = probes.flatMap(({ machine, addresses, ...probe }) =>
    addresses.map(async (address) => {
      const { rttMs } = await ping(machine, address, { count: 1 });
      return { ...probe, address, pingMs: rttMs };
    }),
  );
  return Promise.all(rows);
}

/** One line an address, under a line of titles. */
export function renderReach(rows: readonly ReachRow[]): readonly string[] {
  const lines = rows.map(({ from, to, address, ...answer }, index) => {
    const before = rows[index - 1];
    const isSame = before?.from === from && before.to === to;
    return [isSame ? '' : from, isSame ? '' : to, address, answerOf(answer)];
  });
  const all = [['FROM', 'TO', 'ADDRESS', 'PING'], ...lines];
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((cells) => (cells[column] ?? '').length)));
  return all.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join(GAP)
      .trimEnd(),
  );
}

/** One sentence for each answer that is missing, or should not have come. */
export function wrongAnswers(rows: readonly ReachRow[]): readonly string[] {
  return rows.filter(isWrong).map(({ from, to, address, wanted }) => {
    const what = wanted === 'Answer' ? 'gets no answer' : 'gets an answer, which it must not,';
    return `${from} ${what} from ${to} at ${address}`;
  });
}

/** What a row says, without the time, which is another one whenever one looks. */
export function meaningOf({ from, address, pingMs }: ReachRow): string {
  return `${from} ${address} ${pingMs !== undefined}`;
}

function isWrong({ wanted, pingMs }: ReachRow): boolean {
  return (wanted === 'Answer') !== (pingMs !== undefined);
}

function answerOf({ wanted, pingMs }: Pick<ReachRow, 'wanted' | 'pingMs'>): string {
  if (pingMs === undefined) return wanted === 'Answer' ? '-' : 'none, and none is allowed';
  return `${pingMs.toFixed(2)} ms${wanted === 'Answer' ? '' : ', but none is allowed'}`;
}
