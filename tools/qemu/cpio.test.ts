import { expect, test } from 'vitest';
import { cpioArchive } from './cpio.ts';

test('an archive is headers of 110 characters with names and contents, each padded to 4 bytes', () => {
  const archive = cpioArchive([{ name: 'bin' }, { name: 'bin/sh', content: Buffer.from('hello') }]);
  expect(parse(archive)).toEqual([
    { name: 'bin', mode: '040755', content: '' },
    { name: 'bin/sh', mode: '100755', content: 'hello' },
    { name: 'TRAILER!!!', mode: '100755', content: '' },
  ]);
});

/** As init/initramfs.c of Linux reads it. */
function parse(archive: Buffer) {
  const found: { name: string; mode: string; content: string }[] = [];
  for (let at = 0; at < archive.length;) {
    expect(archive.toString('latin1', at, at + 6)).toBe('070701');
    const field = (index: number) => parseInt(archive.toString('latin1', at + 6 + index * 8, at + 14 + index * 8), 16);
    const [mode, size, nameSize] = [field(1).toString(8).padStart(6, '0'), field(6), field(11)];
    const start = align(at + 110 + nameSize);
    const name = archive.toString('utf8', at + 110, at + 110 + nameSize - 1);
    found.push({ name, mode, content: archive.toString('utf8', start, start + size) });
    at = align(start + size);
  }
  return found;
}

function align(offset: number): number {
  return Math.ceil(offset / 4) * 4;
}
