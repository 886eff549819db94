import { readFileSync } from 'node:fs';
import type { LabNode } from '../../tools/lab/node.ts';
import type { Role } from '../../tools/lab/role.ts';

/** A page of an agent's health server, asked for inside its node, where there may be no curl but bash. */
export async function agentPage(node: LabNode, path: string): Promise<string> {
  const script = `exec 3<>/dev/tcp/127.0.0.1/9941; printf 'GET ${path} HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3`;
  return (await node.exec(['bash', '-c', script])).stdout;
}

/** A page of an operator's health server, which it says in its log; empty while it does not answer. */
export async function operatorPage({ log }: Role, path: string): Promise<string> {
  const port = [...readFileSync(log, 'utf8').matchAll(/"health":\{"host":"127.0.0.1","port":(\d+)\}/g)].at(-1)?.[1];
  try {
    return await (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  } catch {
    return '';
  }
}
