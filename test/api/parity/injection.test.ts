import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Kind } from '../../../src/api/kind.ts';
import type { Sample } from './case.ts';
import { COMPLETE } from './complete.ts';
import { startServer, type TestServer, whole } from './server.ts';
import { textsOf } from './texts.ts';

/** What follows or replaces a good text, and what a careless writer of files, commands or tables would make of it. */
const INJECTIONS: Readonly<Record<string, (good: string) => string>> = {
  'a line of wg-quick': (good) => `${good}\nPostUp = reboot`,
  'a line of ip': (good) => `${good}\nlink delete eth0`,
  'a carriage return': (good) => `${good}\r`,
  'a line separator of Unicode': (good) => `${good}\u2028PostUp`,
  'a second item': (good) => `${good}, 0.0.0.0/0`,
  'a blank in front': (good) => ` ${good}`,
  'a tab': (good) => `${good}\t#`,
  'a double quote': (good) => `${good}"`,
  'a single quote': (good) => `${good}'`,
  'a backslash': (good) => `${good}\\`,
  'a command': (good) => `${good};reboot`,
  'a command in place': (good) => `$(reboot)${good}`,
  'a rule of nft': (good) => `${good} } accept {`,
  'a NUL': (good) => `${good}\u0000`,
  'an escape sequence of terminals': (good) => `\u001b[2J${good}`,
  'a bell': (good) => `${good}\u0007`,
  'a control character of Unicode': (good) => `${good}\u009b2J`,
  'a reversal of direction': (good) => `\u202e${good}`,
  'a zero-width space': (good) => `${good}\u200b`,
  'wide characters': (good) => good.replaceAll(/[!-~]/g, (c) => String.fromCodePoint(c.charCodeAt(0) + 0xfee0)),
  'a look-alike': (good) => good.replace(/[0-9a-zA-Z]/, '\u0430'),
  'digits of another script': (good) => `${good}\u0661`,
  'far too much': (good) => good.padEnd(5000, good),
};

let running: TestServer;
beforeAll(async () => {
  running = await startServer();
}, 120_000);
afterAll(() => running?.[Symbol.asyncDispose]());

describe.each(COMPLETE)('no field of a $kind.kind', ({ kind, object }) => {
  const strict = textsOf(kind, object).filter(({ path }) => !isForPeople(path));

  test.each(Object.entries(INJECTIONS))('takes %s', async (_, inject) => {
    for (const { path, text, put } of strict) {
      const sample = put(inject(text));
      const blamed = { byZod: zodOn(kind, sample), byServer: await serverOn({ kind, sample, path }) };
      const field = expect.stringContaining(path.replace(/\[\d+\]$/, ''));
      const refused = expect.arrayContaining([field]);
      expect({ path, text: inject(text), ...blamed }).toMatchObject({ byZod: refused, byServer: refused });
    }
  });

  test('is refused for what it really is', async () => {
    expect(zodOn(kind, object)).toEqual([]);
    for (const path of ['spec.', 'status.']) expect(await serverOn({ kind, sample: object, path })).toEqual([]);
  });
});

/** Kept to one length, and shown only where control characters are taken out. */
function isForPeople(path: string): boolean {
  return path.endsWith('.message');
}

function zodOn(kind: Kind, sample: Sample): readonly string[] {
  return kind.check(whole(kind, sample)).map(({ path }) => path);
}

/** The fields that the server blames; of the status only when the path is there and the kind has one. */
async function serverOn({ kind, sample, path }: { kind: Kind; sample: Sample; path: string }) {
  const isStatus = kind.status !== undefined && path.startsWith('status.');
  return (await running.server.judge(kind, { name: path, object: sample, isStatus })).map(({ field }) => field);
}
