import { expect, test } from 'vitest';
import { z } from 'zod';
import { parseConfig } from './config.ts';

const schema = z.object({
  logLevel: z.enum(['info', 'debug']).default('info').describe('How much is logged.'),
  workers: z.int().min(1).max(64).default(4).describe('Objects worked on at once.'),
  factor: z.number().optional(),
  leaderElection: z.boolean().default(true),
  namespaces: z.array(z.string().min(1)).default([]).describe('Namespaces to serve.'),
  nodeName: z.string().min(1).describe('Name of the node.'),
});

const parse = (argv: string[], env: Record<string, string> = {}) =>
  parseConfig(schema, { program: 'peerwright test', argv, env });

const problemsOf = (argv: string[], env: Record<string, string> = {}): readonly string[] => {
  const parsed = parse(argv, env);
  return 'problems' in parsed ? parsed.problems : [];
};

test('flags, with = or a blank, win over variables, and variables win over defaults', () => {
  const env = { PEERWRIGHT_LOG_LEVEL: 'debug', PEERWRIGHT_WORKERS: '8', PEERWRIGHT_NODE_NAME: 'env', PATH: '/bin' };
  expect(parse(['--workers=2', '--node-name', 'n1', '--factor', '-0.5'], env)).toEqual({
    ok: true,
    config: { logLevel: 'debug', workers: 2, leaderElection: true, namespaces: [], nodeName: 'n1', factor: -0.5 },
  });
});

test.each([
  [['--leader-election'], true],
  [['--leader-election=true'], true],
  [['--leader-election=false'], false],
])('%j switches to %s', (argv, leaderElection) => {
  expect(parse(['--node-name=n', ...argv])).toMatchObject({ ok: true, config: { leaderElection } });
});

test('lists are separated by commas, collected over several flags, and empty when the text is', () => {
  expect(parse(['--node-name=n', '--namespaces=a, b', '--namespaces', 'c'])).toMatchObject({
    config: { namespaces: ['a', 'b', 'c'] },
  });
  expect(parse(['--node-name=n'], { PEERWRIGHT_NAMESPACES: '' })).toMatchObject({ config: { namespaces: [] } });
});

test('all problems are reported at once, each with its source, value and remedy', () => {
  const argv = ['--workers=0', '--bogus', 'x', 'stray', '--leader-election=maybe', '-v'];
  const env = { PEERWRIGHT_LOG_LEVEL: 'loud', PEERWRIGHT_FACTOR: '1e3', PEERWRIGHT_LOGLEVEL: 'info' };
  expect(problemsOf(argv, env).toSorted()).toEqual([
    "'stray' is not expected: options begin with --.",
    '--bogus is not an option of this program: remove it; --help lists all.',
    '--leader-election=maybe is not valid: give true or false.',
    '--node-name (or PEERWRIGHT_NODE_NAME) is required: give a text (Name of the node).',
    '--workers=0 is not valid (Too small: expected number to be >=1): give a whole number from 1 to 64.',
    '-v is not an option of this program: remove it; --help lists all.',
    'PEERWRIGHT_FACTOR=1e3 is not valid: give a number.',
    'PEERWRIGHT_LOGLEVEL is not a variable of this program: remove it; --help lists all.',
    'PEERWRIGHT_LOG_LEVEL=loud is not valid (Invalid option: expected one of "info"|"debug"): give one of info, debug.',
  ]);
});

test('a flag without its value is a problem, also when another flag follows', () => {
  const expected = '--node-name needs a value: give a text (Name of the node), as --node-name=VALUE.';
  expect(problemsOf(['--node-name'])).toContain(expected);
  expect(problemsOf(['--node-name', '--workers=3'])).toContain(expected);
});

test('the value of an unknown flag or variable is not repeated, for it may be a secret', () => {
  const text = problemsOf(['--private-key=hunter2', '--token', 'hunter2'], { PEERWRIGHT_PSK: 'hunter2' }).join();
  expect(text).toContain('--private-key');
  expect(text).not.toContain('hunter2');
});

test('variables that Kubernetes makes for Services are no problem', () => {
  const env = {
    PEERWRIGHT_ENROLL_SERVICE_HOST: '10.0.0.1',
    PEERWRIGHT_ENROLL_SERVICE_PORT_HTTPS: '443',
    PEERWRIGHT_ENROLL_PORT: 'tcp://10.0.0.1:443',
    PEERWRIGHT_ENROLL_PORT_443_TCP_ADDR: '10.0.0.1',
  };
  expect(parse(['--node-name=n'], env)).toMatchObject({ ok: true });
});

test.each(['--help', '-h'])('%s shows every option with meaning, default and variable', (flag) => {
  const parsed = parse([flag, '--bogus']);
  const help = 'help' in parsed ? parsed.help : '';
  expect(help).toContain('Usage: peerwright test [options]');
  expect(help).toContain('--workers NUMBER\n      Objects worked on at once.\n');
  expect(help).toContain('default: 4; variable: PEERWRIGHT_WORKERS');
  expect(help).toContain('--log-level info|debug');
  expect(help).toContain('required; variable: PEERWRIGHT_NODE_NAME');
  expect(help).toContain('default: none; variable: PEERWRIGHT_NAMESPACES');
});

test('a rule between fields is reported too', () => {
  const both = schema.refine((config) => config.workers > config.namespaces.length, 'more namespaces than workers');
  const parsed = parseConfig(both, { program: 'p', argv: ['--node-name=n', '--workers=1', '--namespaces=a'], env: {} });
  expect(parsed).toEqual({ ok: false, problems: ['more namespaces than workers.'] });
});

test('a schema that text cannot fill is refused when it is read', () => {
  const bad = z.object({ nested: z.object({ a: z.string() }) });
  expect(() => parseConfig(bad, { program: 'p', argv: [], env: {} })).toThrow('Option nested');
});
