import { z } from 'zod';
import { formatIp, parseIp } from '../ip.ts';
import { rule } from '../rule.ts';
import { port } from './common.ts';

/** Labels of letters, digits and -, the last one beginning with a letter: an address with a typo is no name. */
const DNS_NAME = '^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?[.])*[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$';

/** Strict, because it ends up in configuration files of others: nothing but `[A-Za-z0-9.:-]`. */
const host = () =>
  rule(z.string().min(1).max(253), {
    cel: `isIP(self) ? ip.isCanonical(self) : self.matches('${DNS_NAME}')`,
    message: 'must be a DNS name like vpn.example.com or an address in canonical form',
    messageExpression:
      "'%s is neither a DNS name nor an address in canonical form; write it like vpn.example.com, 203.0.113.7 or 2001:db8::7'.format([self])",
    check: (text) => {
      const parsed = parseIp(text);
      const isGood = parsed === undefined ? new RegExp(DNS_NAME).test(text) : formatIp(parsed) === text;
      if (isGood) return undefined;
      return `${text} is neither a DNS name nor an address in canonical form; write it like vpn.example.com, 203.0.113.7 or 2001:db8::7`;
    },
  });

/** Where somebody dials. */
export const Endpoint = z
  .object({
    host: host().describe('DNS name, or IPv4 or IPv6 address in canonical form.'),
    port: port().describe('UDP port, 1 to 65535.'),
  })
  .meta({ 'x-kubernetes-map-type': 'atomic' });
export type Endpoint = z.infer<typeof Endpoint>;
