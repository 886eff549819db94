import type { ChildProcess } from 'node:child_process';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { WireGuardPeer } from '../../src/api/v1alpha1/index.ts';
import { runCommand } from '../../tools/lab/command.ts';
import { waitFor } from '../support/wait.ts';
import { CliLab, ready } from './cli-lab.ts';

let lab: CliLab;
beforeAll(async () => {
  lab = await CliLab.start();
  await lab.namespace('net');
  await lab.gateway('net', 'edge');
  await lab.peer('net', 'laptop', { status: { connection: { state: 'Never' } } });
});
afterAll(() => lab?.[Symbol.asyncDispose]());

/** A running `peerwright`, with what it has printed until now. */
function follow(...argv: string[]) {
  const child: ChildProcess = lab.start([...argv, '-n', 'net']);
  onTestFinished(() => void child.kill('SIGKILL'));
  const printed = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => (printed.stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (printed.stderr += chunk.toString()));
  const ended = new Promise<number | null>((done) => child.on('close', done));
  const says = (part: RegExp) => waitFor(() => part.test(printed.stdout), { what: `${part} in ${printed.stdout}` });
  return { child, printed, ended, says };
}

test('--watch adds a line for each change, survives the API server, and ends with Ctrl-C', async () => {
  const { child, printed, ended, says } = follow('status', '--watch');
  await says(/^GATEWAY .*\ngateway\/edge .*\nPEER .*\npeer\/laptop .* Never .*\n$/);

  await lab.peerStatus('net', 'laptop', { connection: { state: 'Connected', endpoint: '198.51.100.4:1' } });
  await says(/\npeer\/laptop +edge +True +Connected .*198\.51\.100\.4:1 .*\n$/);
  expect(printed.stderr).toBe('');

  await lab.plane.stopApiServer();
  await waitFor(() => printed.stderr.includes('no news from the API server'), { what: 'a word about the API server' });
  await lab.plane.startApiServer();
  await lab.peerStatus('net', 'laptop', { conditions: ready('False', 'PeerRefused') });
  await says(/\npeer\/laptop +edge +False .*PeerRefused\n$/);

  const short = { namespace: 'net', name: 'short-lived' };
  await lab.peer(short.namespace, short.name);
  await says(/\npeer\/short-lived .*Programmed\n$/);
  await lab.admin.delete(WireGuardPeer, short, { signal: new AbortController().signal });
  await says(/\npeer\/short-lived .*Gone\n$/);

  child.kill('SIGINT');
  expect(await ended).toBe(130);
  expect(printed.stdout.match(/GATEWAY {2}/g)?.length).toBe(2);
});

test('--watch -o json prints a document a line', async () => {
  const { printed, says } = follow('status', '--watch', '-o', 'json');
  await says(/\n$/);
  await lab.peerStatus('net', 'laptop', { addresses: ['10.90.0.99'] });
  await says(/10\.90\.0\.99.*\n$/);
  const documents = printed.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(documents.at(-1).peers[0]).toMatchObject({ name: 'laptop', addresses: ['10.90.0.99'] });
});

test('a reader that goes away ends it quietly', async () => {
  const { child, printed, ended, says } = follow('status', '--watch');
  await says(/peer\/laptop/);
  child.stdout?.destroy();
  await lab.peerStatus('net', 'laptop', { addresses: ['10.90.0.100'] });
  expect(await ended).toBe(0);
  expect(printed.stderr).toBe('');
});

test('a shell completes the names of peers', async () => {
  const bin = resolve(import.meta.dirname, '../../bin');
  const env = { PATH: `${bin}:/usr/bin:/bin`, HOME: lab.folder, KUBECONFIG: lab.plane.adminKubeconfig };
  const script = `source <(peerwright completion bash); complete -p peerwright
COMP_WORDS=(peerwright config -n net la); COMP_CWORD=4; _peerwright; echo "\${COMPREPLY[*]}"
COMP_WORDS=(peerwright status --namespace = net --gateway = e); COMP_CWORD=7; _peerwright; echo "\${COMPREPLY[*]}"
COMP_WORDS=(peerwright --context a); COMP_CWORD=2; _peerwright; echo "\${COMPREPLY[*]}"`;
  expect(await runCommand(['bash', '-c', script], { env, cwd: join(lab.folder) })).toEqual({
    code: 0,
    stdout: 'complete -F _peerwright peerwright\nlaptop\nedge\nadmin\n',
    stderr: '',
  });
});
