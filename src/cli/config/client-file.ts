/** Reading and changing a client's file, which is in the form of wg-quick(8). */

const NAMES = 'PrivateKey|Address|DNS|MTU|PublicKey|PresharedKey|AllowedIPs|Endpoint|PersistentKeepalive';
const LINE = new RegExp(`^(|#[ -~]*|\\[(Interface|Peer)\\]|(${NAMES}) = [A-Za-z0-9+/=.:,[\\] -]+)$`);
const PRIVATE_KEY = /^PrivateKey = /m;
const ADD_HERE = /^# Add here: PrivateKey = .*$/m;

/** wg-quick refuses it loudly, where it would bring up an interface without a key silently. */
export const PLACEHOLDER = 'PASTE-THE-PRIVATE-KEY-HERE';

/**
 * Whether the text has only lines that such a file of ours has. wg-quick runs commands from some settings as root, so a
 * file that somebody else put in place must not be handed on.
 */
export function isClientFile(text: string): boolean {
  return text.split('\n').every((line) => LINE.test(line)) && /^\[Interface\]$/m.test(text);
}

export function hasPrivateKey(text: string): boolean {
  return PRIVATE_KEY.test(text);
}

/** With a line in the place of the private key that is not known here. */
export function withPlaceholder(text: string): string {
  if (hasPrivateKey(text)) return text;
  const line = `PrivateKey = ${PLACEHOLDER}`;
  if (ADD_HERE.test(text)) return text.replace(ADD_HERE, (comment) => `${comment}\n${line}`);
  return text.replace(/^\[Interface\]$/m, (section) => `${section}\n${line}`);
}

/** Without what wg-quick needs resolvconf for. */
export function withoutDns(text: string): string {
  return text.replaceAll(/^DNS = .*\n/gm, '');
}
