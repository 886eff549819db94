import { API_ERRORS } from '../../src/runtime/error-codes-api.ts';
import { TOOL_ERRORS } from '../../src/runtime/error-codes-tools.ts';
import { type ErrorDoc, PROCESS_ERRORS } from '../../src/runtime/error-codes.ts';
import { GENERATED, table } from './markdown.ts';

/** The reference of error codes, from the tables in src/runtime. */
export function renderErrors(): string {
  return `${GENERATED}
# Error codes

An error is a failure that nobody expected: it stands in a log, with its code, and in the answer of a command. What is
expected is a [reason](reasons.md) in a condition instead. A code keeps its name and its meaning; the message beside it
names what is to blame, and sometimes a more precise remedy.

"Again" says whether the one who met the error tries again by itself: with growing pauses, after a time, or never.

## Of the processes

${errorTable(PROCESS_ERRORS)}
## Of the API server

${errorTable(API_ERRORS)}
## Of \`make demo\` and \`make test\`

${errorTable(TOOL_ERRORS)}`;
}

function errorTable(errors: Readonly<Record<string, ErrorDoc>>): string {
  const rows = Object.entries(errors).map(([code, { meaning, retry, hint }]) => [
    `\`${code}\``,
    meaning,
    again(retry),
    hint ?? 'See the message.',
  ]);
  return table(['code', 'meaning', 'again', 'what to do'], rows);
}

function again(retry: ErrorDoc['retry']): string {
  if (retry === 'never') return 'never';
  return retry === 'backoff' ? 'with growing pauses' : `after ${retry.afterMs / 1000} s, or when told`;
}
