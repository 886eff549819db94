import type { ConfigOptions } from '../actions.ts';
import { connect, type ConnectDeps } from '../cluster.ts';
import { CliError, EXIT_CODE } from '../failure.ts';
import { peerNameOf } from '../names.ts';
import type { Terminal } from '../terminal.ts';
import { hasPrivateKey, PLACEHOLDER, withoutDns, withPlaceholder } from './client-file.ts';
import { findClientFile, type FoundFile } from './find-file.ts';
import { nextSteps, writePrivate } from './write-file.ts';

export interface ConfigDeps extends ConnectDeps {
  readonly terminal: Terminal;
}

/** `peerwright config PEER`. */
export async function config(written: string, options: ConfigOptions, deps: ConfigDeps): Promise<number> {
  refuseNonsense(options);
  const peer = peerNameOf(written);
  const cluster = await connect(options, deps);
  let found: FoundFile;
  try {
    found = await findClientFile(cluster, peer);
  } finally {
    await cluster.close();
  }
  const text = options.dns ? found.text : withoutDns(found.text);
  if (options.qr) await drawQr(text, peer, deps.terminal);
  else await writeText(text, options, deps.terminal);
  for (const note of notesOn(found)) deps.terminal.note(note);
  return EXIT_CODE.clean;
}

function refuseNonsense({ allNamespaces, force, out }: ConfigOptions): void {
  const exitCode = EXIT_CODE.usage;
  if (allNamespaces) throw new CliError('config is about one peer; --all-namespaces has no meaning', { exitCode });
  if (force && out === undefined) throw new CliError('--force belongs to --out', { exitCode });
}

async function drawQr(text: string, name: string, terminal: Terminal): Promise<void> {
  if (!hasPrivateKey(text)) {
    throw new CliError(`the private key of ${name} is not known here, so a QR code would be of no use`, {
      hint: 'make the code where the private key is, from the file that config prints without --qr',
    });
  }
  const { qrCode } = await import('./qr.ts');
  await terminal.printRaw(qrCode(text, { size: terminal.size, coloured: terminal.isColoured }));
}

async function writeText(text: string, { out, force = false }: ConfigOptions, terminal: Terminal): Promise<void> {
  const whole = withPlaceholder(text);
  if (out === undefined) await terminal.printRaw(whole);
  else await writePrivate(out, whole, { force });
  const isComplete = hasPrivateKey(text);
  if (!isComplete)
    terminal.note(`note: the private key of this peer is not known here: put it in place of ${PLACEHOLDER}`);
  if (out === undefined) return;
  for (const line of nextSteps(out)) terminal.note(line);
}

/** What is in the way of a tunnel although the file is right. */
function notesOn({ peer, text }: FoundFile): readonly string[] {
  const { name } = peer.metadata;
  return [
    ...(peer.spec.state === 'Disabled' ? [`note: peer ${name} is Disabled; its gateway does not let it in`] : []),
    ...(/^Endpoint = /m.test(text) ? [] : ['note: the gateway has no address to dial yet; ask again later']),
  ];
}
