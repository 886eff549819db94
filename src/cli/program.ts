import { Command, Help, Option } from 'commander';
import type { Actions } from './actions.ts';
import { addCommands } from './commands.ts';

/** A long-running process of Peerwright that is started by its name, not by this program. */
export interface ProcessName {
  readonly name: string;
  readonly does: string;
}

export interface ProgramOptions {
  /** As people type it: `peerwright` or `kubectl peerwright`. */
  readonly name: string;
  readonly version: string;
  readonly actions: Actions;
  readonly processes: readonly ProcessName[];
  /** Told the exit code of the command that ran. */
  readonly onExit: (code: number) => void;
  readonly writeOut: (text: string) => void;
  /** Width for help texts. */
  readonly columns: number;
}

/**
 * The command tree: what is parsed, what `--help` says, what the reference page and completion are made of. Nothing is
 * loaded or run by making it. Wrong usage, and having shown help, are thrown as CommanderError.
 */
export function createProgram(options: ProgramOptions): Command {
  const { name, version, columns, writeOut } = options;
  const program = new Command(name)
    .description(DESCRIPTION)
    .usage('COMMAND [options]')
    .configureHelp({ showGlobalOptions: true, subcommandTerm: termOf, visibleGlobalOptions: globalOptionsOf })
    .configureOutput({
      writeOut,
      writeErr: () => undefined,
      getOutHelpWidth: () => columns,
      getErrHelpWidth: () => columns,
    })
    .exitOverride()
    .version(`peerwright ${version}`, '--version', 'print the version')
    .helpOption('-h, --help', 'show this help; `COMMAND --help` shows that of a command')
    .helpCommand(false)
    .commandsGroup('Commands:');
  for (const option of globalOptions()) program.addOption(option);
  addCommands(program, options);
  for (const process of options.processes) addProcess(program, process);
  return program.addHelpText('after', AFTER.replaceAll('  peerwright ', `  ${name} `));
}

/** They work before and after the name of a command, as with kubectl. */
function globalOptions(): readonly Option[] {
  return [
    new Option('--kubeconfig <file>', 'kubeconfig to use (default: KUBECONFIG, then ~/.kube/config)'),
    new Option('--context <name>', 'context of the kubeconfig (default: the current one)'),
    new Option('-n, --namespace <name>', 'namespace to look at (default: that of the context)').conflicts(
      'allNamespaces',
    ),
    new Option('-A, --all-namespaces', 'look at all namespaces'),
  ];
}

/** Those that mean something to the command. */
function globalOptionsOf(command: Command): Option[] {
  const isOffline = ['explain', 'version', 'completion'].includes(command.name());
  const help = new Help();
  help.showGlobalOptions = true;
  return help.visibleGlobalOptions(command).filter(({ long }) => !isOffline && long !== '--version');
}

function addProcess(program: Command, { name, does }: ProcessName): void {
  program
    .command(name)
    .summary(does)
    .helpGroup('Processes of Peerwright itself, started by its manifests:')
    .usage('[options]')
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments();
}

/** Name and arguments; that there are options goes without saying. */
function termOf(command: Command): string {
  const terms = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  return [command.name(), ...terms].join(' ');
}

const DESCRIPTION = `Shows what WireGuard gateways and peers of a cluster are doing, and gives peers their configuration.

It reads with your own kubeconfig, so you see what kubectl would show you. It changes nothing in the cluster.`;

const AFTER = `
Examples:
  peerwright status                 # what works and what does not, in the namespace of the context
  peerwright status -A --not-ready  # what needs attention, anywhere
  peerwright config phone --qr      # the configuration of a phone, to be scanned
  peerwright explain RouteOverlap   # what to do about a reason

Exit codes: 0 done, 1 a problem, 2 wrong usage, 3 no access to the cluster or to
what was asked for, 130 Ctrl-C. As a plugin: kubectl peerwright COMMAND`;
