import { z } from 'zod';
import { parseNetwork } from '../ip.ts';
import { rule } from '../rule.ts';
import { cidr, list } from './common.ts';

/** Networks that one gateway offers, allows or one peer has: more would not fit the cost that CEL may have. */
export const MAX_ROUTES = 64;

const DEFAULT_ROUTE =
  'is a default route, which would lead the whole node through one peer; name the networks behind the peer';

/** A network that peers may announce or have: anything but a default route. */
const peerRoute = () =>
  rule(cidr(), {
    cel: '!isCIDR(self) || cidr(self).prefixLength() > 0',
    message: 'must not be a default route; name the networks behind the peer',
    messageExpression: `'%s ${DEFAULT_ROUTE}'.format([self])`,
    check: (text) => (parseNetwork(text)?.length === 0 ? `${text} ${DEFAULT_ROUTE}` : undefined),
  });

/** Networks in any size, default routes included. */
export const networks = () => list(cidr().describe('A network like 10.0.0.0/16 or fd00:10::/48.'), MAX_ROUTES);

/** Networks behind peers: never a default route. */
export const peerRoutes = () => list(peerRoute().describe('A network like 192.168.7.0/24.'), MAX_ROUTES);

/** Seconds between keepalive packets; 0 sends none. */
export const keepaliveSeconds = () => z.int().min(0).max(65535);

/** MTU of a gateway's interface; below 1280 Linux takes IPv6 off an interface. */
export const mtu = () => z.int().min(1280).max(65456);
