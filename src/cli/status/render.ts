import { type Column, layOut, type Layout, lines, titles } from '../table.ts';
import type { Line } from '../terminal.ts';
import { hasUnseen, visibleJson, visibleYaml } from '../visible.ts';
import { type ColumnOptions, gatewayColumns, peerColumns } from './columns.ts';
import type { MeshView } from './view.ts';

export interface TableOptions extends ColumnOptions {
  /** Of the screen; undefined: as wide as it gets. */
  readonly width: number | undefined;
}

/** A table of gateways and one of peers; no table where there is nothing to show. */
export function tables({ gateways, peers }: MeshView, options: TableOptions): readonly Line[] {
  const parts = [
    table(gateways, gatewayColumns(options), options.width),
    table(peers, peerColumns(options), options.width),
  ].filter((part) => part.length > 0);
  return parts.flatMap((part, index) => (index === 0 ? part : [[], ...part]));
}

function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], width: number | undefined): readonly Line[] {
  if (rows.length === 0) return [];
  const layout: Layout<Row> = layOut(rows, columns, width);
  return [titles(layout, width), ...lines(rows, layout, width)];
}

/** A document for machines. In a stream, JSON is one line. */
export async function document(
  view: MeshView,
  { form, now, inStream }: { readonly form: 'json' | 'yaml'; readonly now: string; readonly inStream: boolean },
): Promise<string> {
  const value = { observedTime: now, gateways: view.gateways, peers: view.peers };
  if (form === 'json') return `${visibleJson(JSON.stringify(value, null, inStream ? 0 : 2))}\n`;
  return `${inStream ? '---\n' : ''}${await yamlText(value)}`;
}

/** Only in double quotes can YAML escape what a terminal must not get. */
async function yamlText(value: unknown): Promise<string> {
  const { Document, Scalar, visit } = await import('yaml');
  const yaml = new Document(value, { aliasDuplicateObjects: false, keepUndefined: false });
  visit(yaml, {
    Scalar: (_, scalar) => {
      if (typeof scalar.value === 'string' && hasUnseen(scalar.value)) scalar.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return visibleYaml(yaml.toString({ lineWidth: 0 }));
}
