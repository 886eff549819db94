import { celRule, VALIDATIONS } from '../../src/api/rule.ts';
import type { Column, Kind } from '../../src/api/kind.ts';
import { toStructural, type StructuralSchema } from '../../src/api/structural.ts';

/** The CustomResourceDefinition of a kind, as plain data. */
export function crdOf(kind: Kind) {
  const { group, version, plural, singular, shortNames, categories } = kind;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}`, labels: { 'app.kubernetes.io/part-of': 'peerwright' } },
    spec: {
      group,
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural,
        singular,
        shortNames: [...shortNames],
        ...(categories.length === 0 ? {} : { categories: [...categories] }),
      },
      scope: 'Namespaced',
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          ...(kind.status === undefined ? {} : { subresources: { status: {} } }),
          additionalPrinterColumns: kind.columns.map(printerColumn),
          ...(kind.selectableFields === undefined
            ? {}
            : { selectableFields: kind.selectableFields.map((jsonPath) => ({ jsonPath })) }),
          schema: { openAPIV3Schema: rootSchema(kind) },
        },
      ],
    },
  };
}

/** The schema of whole objects of a kind. */
export function rootSchema(kind: Kind): StructuralSchema {
  return {
    type: 'object',
    description: kind.description,
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string', description: 'Version of the schema.' },
      kind: { type: 'string', description: 'Name of the kind.' },
      metadata: { type: 'object' },
      spec: toStructural(kind.spec, 'spec'),
      ...(kind.status === undefined ? {} : { status: statusSchema(kind) }),
    },
    [VALIDATIONS]: [...kind.rules, ...kind.transitions].map(celRule),
  };
}

function statusSchema(kind: Kind): StructuralSchema {
  if (kind.status === undefined) throw new Error(`${kind.kind} has no status`);
  const schema = toStructural(kind.status, 'status');
  return kind.statusDefault === undefined ? schema : { ...schema, default: kind.statusDefault };
}

function printerColumn({ name, type, jsonPath, description, wide }: Column) {
  return { name, type, jsonPath, description, ...(wide ? { priority: 1 } : {}) };
}
