import { z } from 'zod';
import { containsNetwork, formatIp, formatNetwork, parseIp, parseNetwork, type IpNetwork } from './ip.ts';
import { rule } from './rule.ts';

const ADDRESS_FORM = 'an address like 10.90.0.1 or fd00:90::1';
const NETWORK_FORM = 'a network like 10.90.0.0/16 or fd00:90::/64';

/** A canonical IPv4 or IPv6 address. */
export const address = () =>
  rule(
    rule(z.string().min(1).max(64), {
      cel: 'isIP(self)',
      message: `must be ${ADDRESS_FORM}`,
      messageExpression: `'%s is not an address; write ${ADDRESS_FORM}'.format([self])`,
      check: (text) => (parseIp(text) ? undefined : `${text} is not an address; write ${ADDRESS_FORM}`),
    }),
    {
      cel: '!isIP(self) || ip.isCanonical(self)',
      message: 'must be in canonical form: lower case, shortest',
      messageExpression: "'%s is not the canonical form; write %s'.format([self, string(ip(self))])",
      check: (text) => {
        const parsed = parseIp(text);
        if (parsed === undefined || formatIp(parsed) === text) return undefined;
        return `${text} is not the canonical form; write ${formatIp(parsed)}`;
      },
    },
  );

/** A canonical network: no host bits, lower case, shortest form. */
export const cidr = () =>
  rule(
    rule(z.string().min(1).max(64), {
      cel: 'isCIDR(self)',
      message: `must be ${NETWORK_FORM}`,
      messageExpression: `'%s is not a network; write ${NETWORK_FORM}'.format([self])`,
      check: (text) => (parseNetwork(text) ? undefined : `${text} is not a network; write ${NETWORK_FORM}`),
    }),
    {
      cel: '!isCIDR(self) || (cidr(self).masked() == cidr(self) && string(cidr(self)) == self)',
      message: 'must be in canonical form: no host bits, lower case, shortest',
      messageExpression:
        "'%s is not the canonical form; write %s/%d'.format([self, string(cidr(self).masked().ip()), cidr(self).prefixLength()])",
      check: (text) => {
        const parsed = parseNetwork(text);
        if (parsed === undefined || formatNetwork(parsed) === text) return undefined;
        return `${text} is not the canonical form; write ${formatNetwork(parsed)}`;
      },
    },
  );

/** Whether two networks, given as text, share an address; false when one is not a network. */
export function overlaps(a: string, b: string): boolean {
  const [left, right] = [parseNetwork(a), parseNetwork(b)];
  return left !== undefined && right !== undefined && (containsNetwork(left, right) || containsNetwork(right, left));
}

/** Whether the network, given as text, lies inside `outer`; true when it is not a network, which has its own rule. */
export function isInside(outer: IpNetwork, inner: string): boolean {
  const parsed = parseNetwork(inner);
  return parsed === undefined || containsNetwork(outer, parsed);
}
