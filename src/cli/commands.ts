import { Argument, type Command, Option } from 'commander';
import type { Actions, ConfigOptions, GraphOptions, Shell, StatusOptions } from './actions.ts';

interface Wiring {
  readonly name: string;
  readonly actions: Actions;
  readonly onExit: (code: number) => void;
}

/** Adds every command, in the order in which help lists them. */
export function addCommands(program: Command, wiring: Wiring): void {
  for (const add of [addStatus, addConfig, addGraph, addExplain, addVersion, addCompletion]) add(program, wiring);
}

function addStatus(program: Command, { name, actions, onExit }: Wiring): void {
  const command = program
    .command('status')
    .summary('which gateways and peers work, who is connected and since when')
    .description(
      `Which gateways and peers work, who is connected, and how old that knowledge is.

READY says whether the node runs exactly what was decided; CONNECTION whether the peer is there. HANDSHAKE is the age of its last handshake, OBSERVED how long ago the node saw that. Who may read the nodes' reports gets their fresher facts.

For machines, json and yaml hold observedTime, gateways and peers, each with ready, and peers with connection; source there says whether it is from the status or from a report.`,
    )
    .argument('[name...]', 'gateways and peers to show, such as edge or peer/edge (default: all)')
    .addOption(output(['table', 'wide', 'json', 'yaml'], 'table', 'form; wide has more columns, with the messages'))
    .option('-w, --watch', 'go on with every change; on a terminal in place')
    .option('-l, --selector <labels>', 'only what has these labels, such as env=prod or "site in (a,b)"')
    .option('--gateway <name>', 'only this gateway and its peers')
    .option('--not-ready', 'only what is not Ready')
    .option('--disconnected', 'only peers that should be connected and are not')
    .addOption(new Option('--check', 'exit with 1 when anything shown is not Ready').conflicts('watch'))
    .addOption(systemNamespace())
    .action(async (names: string[]) => onExit(await actions.status(names, command.optsWithGlobals<StatusOptions>())));
  examples(command, name, [
    ['status', 'all of the namespace'],
    ['status edge laptop -o wide', 'these two, with everything there is to say'],
    ['status -A --not-ready --check', 'for a script: 1 when something needs attention'],
    ['status --gateway edge --disconnected', 'who of this gateway is missing'],
    ['status -o json | jq .peers', 'for machines: bytes, and times as RFC 3339'],
  ]);
}

function addConfig(program: Command, { name, actions, onExit }: Wiring): void {
  const command = program
    .command('config')
    .summary('the configuration of a peer, as a file for wg-quick or as a QR code')
    .description(
      `Prints the configuration of a peer, in the form of wg-quick.

It comes from the Secret that status.configSecret of the peer names, which holds the private key when Peerwright made it. For a peer that brought its own key there is a placeholder where that key belongs.`,
    )
    .argument('<peer>', 'the peer')
    .addOption(new Option('--qr', 'draw it as a QR code, for the WireGuard app of a phone').conflicts('out'))
    .option('--no-dns', 'leave DNS out: wg-quick fails on machines without resolvconf')
    .option('--out <file>', 'write it to a new file that only you can read')
    .option('--force', 'with --out: replace the file when there is one')
    .action(async (peer: string) => onExit(await actions.config(peer, command.optsWithGlobals<ConfigOptions>())));
  examples(command, name, [
    ['config laptop --out wg0.conf && sudo wg-quick up ./wg0.conf', 'tunnel up, here'],
    ['config phone --qr', 'scan it with the app'],
    ['config laptop --no-dns | ssh box "umask 077; cat > wg0.conf"', 'elsewhere'],
  ]);
}

function addGraph(program: Command, { name, actions, onExit }: Wiring): void {
  const command = program
    .command('graph')
    .summary('how nodes, gateways, peers and their networks hang together')
    .description('How nodes, gateways, peers and the networks behind them hang together: a tree, or Graphviz.')
    .addOption(output(['text', 'dot'], 'text', 'form; dot is for Graphviz'))
    .option('--gateway <name>', 'only this gateway and its peers')
    .addOption(systemNamespace())
    .action(async () => onExit(await actions.graph(command.optsWithGlobals<GraphOptions>())));
  examples(command, name, [
    ['graph -A', 'everything'],
    ['graph -o dot | dot -Tsvg > mesh.svg', 'a picture'],
  ]);
}

function addExplain(program: Command, { name, actions, onExit }: Wiring): void {
  const command = program
    .command('explain')
    .summary('what a reason means, and what to do about it')
    .description('What a reason of a condition means, and what to do about it. Needs no cluster.')
    .argument('[reason]', 'the reason (default: list all)')
    .action(async (reason: string | undefined) => onExit(await actions.explain(reason)));
  examples(command, name, [
    ['explain AddressInUse', 'one reason'],
    ['explain', 'all of them'],
  ]);
}

function addVersion(program: Command, { actions, onExit }: Wiring): void {
  program
    .command('version')
    .summary('prints the version')
    .description('Prints the version of this program. Asks no cluster.')
    .action(async () => onExit(await actions.version()));
}

function addCompletion(program: Command, { name, actions, onExit }: Wiring): void {
  const command = program
    .command('completion')
    .summary('completion for a shell')
    .description(
      `Prints a script that completes commands, options, reasons, and names of gateways and peers.

\`kubectl peerwright\` completes as well when kubectl_complete-peerwright is on the PATH, beside kubectl-peerwright.`,
    )
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
    .action(async (shell: Shell) => onExit(await actions.completion(shell)));
  examples(command, name, [
    ['completion bash', 'into ~/.bashrc: source <(peerwright completion bash)'],
    ['completion zsh', 'into ~/.zshrc, after compinit: source <(peerwright completion zsh)'],
    ['completion fish > ~/.config/fish/completions/peerwright.fish', 'once'],
  ]);
}

function systemNamespace(): Option {
  return new Option('--system-namespace <name>', "namespace of the nodes' reports").default('peerwright-system');
}

function output(choices: readonly string[], preset: string, description: string): Option {
  return new Option('-o, --output <form>', description).choices(choices).default(preset);
}

function examples(command: Command, name: string, lines: readonly (readonly [string, string])[]): void {
  const width = Math.max(...lines.map(([call]) => call.length));
  const text = lines.map(([call, does]) => `  ${name} ${call.padEnd(width)}  # ${does}`).join('\n');
  command.addHelpText('after', `\nExamples:\n${text}`);
}
