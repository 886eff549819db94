import { REASONS } from '../../src/api/reasons.ts';
import { GENERATED, table } from './markdown.ts';

/** The reference of reasons, from the table in src/api/reasons.ts. */
export function renderReasons(): string {
  const rows = Object.entries(REASONS).map(([reason, { meaning, remedy }]) => [`\`${reason}\``, meaning, remedy]);
  return `${GENERATED}
# Reasons

Reasons stand in the conditions of gateways and peers, in events and in node reports. They are part of the API: a reason
keeps its name and its meaning. The message beside it names the value that is to blame.

${table(['reason', 'meaning', 'what to do'], rows)}`;
}
