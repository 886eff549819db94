import type { z } from 'zod';

/** The extension of OpenAPI under which Kubernetes finds CEL rules. */
export const VALIDATIONS = 'x-kubernetes-validations';

/** One rule in both languages. A refinement without its CEL twin would vanish from the CRD without a word. */
export interface Rule<T> {
  /** True when the value is good; `self` is the value. */
  readonly cel: string;
  /** What is wanted, one sentence: for the reference, and when the expression below cannot be evaluated. */
  readonly message: string;
  /** CEL that gives the message with the value and the remedy. */
  readonly messageExpression?: string;
  /** The field that is to blame when it is not the value itself, such as `.gatewayAddress`. */
  readonly fieldPath?: string;
  /** The twin of `cel`: undefined when the value is good, otherwise what is wrong with it and the remedy. */
  readonly check: (value: T) => string | undefined;
}

/** A rule as a CRD holds it. */
export type CelRule = { rule: string; message: string; messageExpression?: string; fieldPath?: string };

/** The schema with one more rule, which both zod and the API server apply. */
export function rule<S extends z.ZodType>(schema: S, wanted: Rule<z.output<S>>): S {
  const path = fieldPathSegments(wanted.fieldPath);
  const meta = schema.meta() ?? {};
  return schema
    .superRefine((value, context) => {
      const message = wanted.check(value);
      // A copy: zod prepends the path of the value to it in place.
      if (message !== undefined) context.addIssue({ code: 'custom', message, path: [...path], input: value });
    })
    .meta({ ...meta, [VALIDATIONS]: [...celRules(meta), celRule(wanted)] });
}

/** The half of a rule that goes into the CRD. */
export function celRule({ cel, message, messageExpression, fieldPath }: Omit<Rule<never>, 'check'>): CelRule {
  return {
    rule: cel,
    message,
    ...(messageExpression === undefined ? {} : { messageExpression }),
    ...(fieldPath === undefined ? {} : { fieldPath }),
  };
}

/** `.spec.gatewayRef` to `['spec', 'gatewayRef']`. */
export function fieldPathSegments(fieldPath: string | undefined): string[] {
  return fieldPath === undefined ? [] : fieldPath.split('.').filter((segment) => segment !== '');
}

function celRules(meta: object): readonly unknown[] {
  const found: unknown = Reflect.get(meta, VALIDATIONS);
  return Array.isArray(found) ? found : [];
}
