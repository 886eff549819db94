import { z } from 'zod';
import { rule } from '../rule.ts';

const MAX_LABELS = 16;
/** A DNS name, a slash and a name. */
const MAX_KEY_LENGTH = 317;
const NAME = '[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?';
const DNS = '[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*';
const KEY = `^(${DNS}/)?${NAME}$`;
const VALUE = `^(${NAME})?$`;

const labelValue = rule(z.string().max(63), {
  cel: `self.matches('${VALUE}')`,
  message: 'must be a label value: letters, digits, -, _ and .',
  messageExpression: "'%s is not the value of a label; write letters, digits, -, _ and .'.format([self])",
  check: (value) =>
    new RegExp(VALUE).test(value)
      ? undefined
      : `${value} is not the value of a label; write letters, digits, -, _ and .`,
});

const labels = z
  .record(z.string(), labelValue.describe('Value of the label.'))
  .meta({ maxProperties: MAX_LABELS, 'x-kubernetes-map-type': 'atomic' });

const limited = rule(labels, {
  cel: `size(self) <= ${MAX_LABELS}`,
  message: `at most ${MAX_LABELS} labels`,
  check: (selector) => {
    const size = Object.keys(selector).length;
    return size <= MAX_LABELS ? undefined : `${size} labels are too many; select with at most ${MAX_LABELS}`;
  },
});

const IS_KEY = `size(k) <= ${MAX_KEY_LENGTH} && k.matches('${KEY}')`;

/** Labels that a node must have, as people write them. */
export const nodeSelector = () =>
  rule(limited, {
    cel: `self.all(k, ${IS_KEY})`,
    message: 'keys must be label keys like example.com/zone',
    messageExpression: `'%s is not the key of a label; write it like zone or example.com/zone'.format([self.filter(k, !(${IS_KEY}))[0]])`,
    check: (selector) => {
      const bad = Object.keys(selector).find((key) => key.length > MAX_KEY_LENGTH || !new RegExp(KEY).test(key));
      return bad === undefined ? undefined : `${bad} is not the key of a label; write it like zone or example.com/zone`;
    },
  });
