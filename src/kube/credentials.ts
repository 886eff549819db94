import { readFile, stat } from 'node:fs/promises';
import type { Clock } from '../runtime/clock.ts';
import { PeerwrightError } from '../runtime/error.ts';

/** PEM texts. */
export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Who we are to the API server, as it is now: tokens and certificates rotate while the process runs. */
export interface Credentials {
  /** The current bearer token; undefined when a client certificate (or nothing) proves who we are. */
  token(): Promise<string | undefined>;
  /** Used for connections opened from now on. */
  certificate(): ClientCertificate | undefined;
  /** Obtains the credentials anew; the client calls it once after a 401, before it asks again. */
  refresh(): Promise<void>;
}

/** Credentials that never change. */
export function fixedCredentials(token?: string, certificate?: ClientCertificate): Credentials {
  return {
    token: () => Promise.resolve(token),
    certificate: () => certificate,
    refresh: () => Promise.resolve(),
  };
}

/** How long a token file is trusted without a look at it; kubelets rewrite it at 80 % of its life, an hour by default. */
const LOOK_AGAIN_MS = 60_000;

/** A token in a file that someone else rotates. Re-read when the file's modification time changes, looked at once a minute. */
export class TokenFile implements Credentials {
  readonly #path: string;
  readonly #clock: Pick<Clock, 'monotonic'>;
  #token: string | undefined;
  #modified = -1;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(path: string, deps: { readonly clock: Pick<Clock, 'monotonic'> }) {
    this.#path = path;
    this.#clock = deps.clock;
  }

  async token(): Promise<string | undefined> {
    if (this.#token === undefined || this.#clock.monotonic() - this.#lookedAt >= LOOK_AGAIN_MS) await this.#look();
    return this.#token;
  }

  certificate(): undefined {
    return undefined;
  }

  async refresh(): Promise<void> {
    this.#modified = -1;
    await this.#look();
  }

  async #look(): Promise<void> {
    try {
      const { mtimeMs } = await stat(this.#path);
      if (mtimeMs !== this.#modified) {
        this.#token = (await readFile(this.#path, 'utf8')).trim();
        this.#modified = mtimeMs;
      }
      this.#lookedAt = this.#clock.monotonic();
    } catch (error) {
      // The old token may well be valid for an hour more: only without any is there nothing to do.
      if (this.#token === undefined) throw unreadable(this.#path, error);
    }
  }
}

function unreadable(path: string, cause: unknown): PeerwrightError {
  return new PeerwrightError('ServiceAccountUnreadable', `The service account token ${path} cannot be read.`, {
    cause,
  });
}
