import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { startControlPlane, type ControlPlane } from '../../tools/lab/control-plane.ts';
import { install } from '../../tools/lab/identity.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const readme = await readFile(join(ROOT, 'README.md'), 'utf8');

/** YAML that is to be accepted; YAML after `<!-- refused -->`, with the block after it, which is the answer. */
const REFUSED = /<!-- refused -->\s+```yaml\n(.*?)```\s+```\n(.*?)```/gs;
const YAML = /```yaml\n(.*?)```/gs;
const refused = [...readme.matchAll(REFUSED)].map(([, yaml = '', answer = '']) => ({ yaml, answer }));
const accepted = [...readme.replaceAll(REFUSED, '').matchAll(YAML)].map(([, yaml = '']) => yaml);

test('every make target that README names exists', async () => {
  const makefile = await readFile(join(ROOT, 'Makefile'), 'utf8');
  const targets = [...readme.matchAll(/(?:^|`)(?:[A-Z_]+=\S+ )?make ([a-z]+)\b/gm)].map(([, target]) => target ?? '');
  expect(targets.length).toBeGreaterThanOrEqual(2);
  expect(targets.filter((target) => !makefile.includes(`\n${target}:`))).toEqual([]);
});

describe('the YAML of README', () => {
  let folder: string;
  let cluster: ControlPlane;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'peerwright-readme-'));
    cluster = await startControlPlane({ folder: join(folder, 'cluster') });
    await install(cluster);
    const documents = [...accepted, ...refused.map(({ yaml }) => yaml)].flatMap((yaml) => parseAllDocuments(yaml));
    const namespaces = new Set(documents.map((document) => String(document.toJS().metadata.namespace)));
    for (const name of namespaces) await cluster.kubectl(['create', 'namespace', name]);
  });
  afterAll(async () => {
    await cluster?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('is accepted by a real API server, every field of it', async () => {
    expect(accepted.length).toBeGreaterThan(0);
    for (const stdin of accepted) {
      const result = await cluster.kubectl(['apply', '--validate=strict', '-f', '-'], { stdin });
      expect(result).toMatchObject({ code: 0, stderr: '' });
    }
  });

  test('that is meant to be wrong is refused with the answer that README quotes', async () => {
    expect(refused.length).toBeGreaterThan(0);
    for (const { yaml: stdin, answer } of refused) {
      const result = await cluster.kubectl(['apply', '-f', '-'], { stdin });
      expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining(answer.trim()) });
    }
  });
});
