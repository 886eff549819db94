import { WireGuardGateway, WireGuardPeer } from '../../../src/api/v1alpha1/index.ts';
import { parsePrivateKey, publicKeyOf } from '../../../src/keys/key-pair.ts';
import { derivePresharedKey } from '../../../src/keys/preshared-key.ts';
import { revealAsBase64 } from '../../../src/keys/text.ts';
import { type KubeSecret, secrets } from '../../../src/kube/resources.ts';
import type { PublicKey } from '../../../src/mesh/model.ts';
import type { SimulatedAgent } from '../../support/simulated-agent.ts';
import { isReady, OperatorLab, type OperatorProcess, type Ref, until } from './lab.ts';

/** `type` of the Secrets that the operator makes for peers. */
export const CONFIG_TYPE = 'peerwright.dev/peer-config';

/** An operator, a node, and a gateway `edge` that is ready in `namespace`. */
export class PeerKeysScene implements AsyncDisposable {
  readonly lab: OperatorLab;
  readonly operator: OperatorProcess;
  readonly agent: SimulatedAgent;
  namespace = '';
  #pools = 0;

  private constructor(lab: OperatorLab, operator: OperatorProcess, agent: SimulatedAgent) {
    this.lab = lab;
    this.operator = operator;
    this.agent = agent;
  }

  static async start(flags: readonly string[]): Promise<PeerKeysScene> {
    const lab = await OperatorLab.start();
    const scene = new PeerKeysScene(lab, await lab.operator(flags), await lab.node('n1'));
    scene.namespace = await scene.gateway();
    return scene;
  }

  /** A namespace with a gateway `edge` that is ready. */
  async gateway(): Promise<string> {
    this.#pools += 1;
    const ref = { namespace: await this.lab.namespace(), name: 'edge' };
    const cidrs = [`10.${this.#pools + 100}.0.0/24`, `fd00:${this.#pools + 100}::/64`];
    await this.lab.gateway(ref, { pools: cidrs.map((cidr) => ({ cidr })) });
    await until('the gateway is ready', async () => isReady(await this.lab.get(WireGuardGateway, ref)));
    return ref.namespace;
  }

  /** A peer whose key the operator makes, unless `spec` has one. */
  async made(name: string, spec: Partial<WireGuardPeer['spec']> = {}, namespace = this.namespace): Promise<Ref> {
    await this.lab.keylessPeer({ namespace, name }, spec);
    return { namespace, name };
  }

  peer(ref: Ref): Promise<WireGuardPeer> {
    return this.lab.get(WireGuardPeer, ref);
  }

  ready(ref: Ref): Promise<WireGuardPeer> {
    return until(`${ref.name} is ready`, async () => {
      const found = await this.peer(ref);
      return isReady(found) && found;
    });
  }

  secretOf(ref: Ref): Promise<KubeSecret | undefined> {
    return this.lab.find(secrets, secretRef(ref));
  }

  /** Whether the file of a peer whose key was made is the Secret's, the status's and the gateway's. */
  async isComplete(ref: Ref): Promise<boolean> {
    const [{ status = {} }, secret] = [await this.peer(ref), await this.secretOf(ref)];
    const gateway = await this.lab.get(WireGuardGateway, { namespace: ref.namespace, name: 'edge' });
    const privateKey = parsePrivateKey(text(secret, 'privateKey'));
    const isPair = privateKey !== undefined && publicKeyOf(privateKey) === status.publicKey;
    const addresses = (status.addresses ?? []).map((one) => `${one}/${one.includes(':') ? 128 : 32}`);
    const expected = [
      `PrivateKey = ${text(secret, 'privateKey')}`,
      `Address = ${addresses.join(', ')}`,
      `PublicKey = ${gateway.status?.publicKey}`,
      `Endpoint = ${gateway.status?.endpoint}`,
    ];
    const lines = linesOf(secret);
    const isPointedTo = status.configSecret?.name === secret?.metadata.name;
    return isPair && isPointedTo && expected.every((line) => lines.includes(line));
  }

  /** The preshared key as the agent of the gateway derives it, from what was sealed to its node. */
  async presharedKeyAtAgent(publicKey = ''): Promise<string> {
    const config = await this.lab.config('n1');
    const configured = config?.spec.gateways.find(({ gateway }) => gateway.namespace === this.namespace);
    const opened = configured && (await this.agent.openKey(configured));
    if (!opened?.ok) throw new Error('the agent cannot open the key');
    const gatewayKey = configured?.publicKey as PublicKey;
    return revealAsBase64(derivePresharedKey(opened.value.seed, gatewayKey, publicKey as PublicKey));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab[Symbol.asyncDispose]();
  }
}

export function secretRef({ namespace, name }: Ref): Ref {
  return { namespace, name: `${name}-wireguard` };
}

/** A value of a Secret in clear. */
export function text(secret: KubeSecret | undefined, field: string): string {
  return Buffer.from(secret?.data?.[field] ?? '', 'base64').toString();
}

export function linesOf(secret: KubeSecret | undefined): string[] {
  return text(secret, 'wg.conf').split('\n');
}
