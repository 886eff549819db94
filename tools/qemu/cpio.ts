export interface CpioEntry {
  /** Path in the archive, without a leading slash; its folders are entries of their own, before it. */
  readonly name: string;
  /** Content of a file, which may be executed; omitted = a folder. */
  readonly content?: Buffer;
}

/** An archive in the format that Linux takes as an initramfs: `newc` of cpio(5). */
export function cpioArchive(entries: readonly CpioEntry[]): Buffer {
  const end = { name: 'TRAILER!!!', content: Buffer.alloc(0) };
  return Buffer.concat([...entries, end].map((entry, index) => member(entry, index + 1)));
}

const FOLDER_MODE = 0o040755;
const FILE_MODE = 0o100755;

function member({ name, content }: CpioEntry, inode: number): Buffer {
  const mode = content === undefined ? FOLDER_MODE : FILE_MODE;
  const size = content?.length ?? 0;
  const nameSize = Buffer.byteLength(name) + 1;
  // Inode, mode, uid, gid, links, mtime, size, 4 device numbers, name size, checksum (unused in this variant).
  const fields = [inode, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, nameSize, 0];
  const head = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}${name}\0`;
  return Buffer.concat([padded(Buffer.from(head)), padded(content ?? Buffer.alloc(0))]);
}

/** Header with name, and content, each end at a multiple of 4 bytes. */
function padded(part: Buffer): Buffer {
  return Buffer.concat([part, Buffer.alloc((4 - (part.length % 4)) % 4)]);
}
