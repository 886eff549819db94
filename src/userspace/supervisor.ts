import { closeSync, ftruncateSync, fstatSync, openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Running, Start } from '../dataplane/exec.ts';
import { logPath, requestedDevices } from '../dataplane/userspace-request.ts';
import { answers } from '../dataplane/wireguard/uapi-socket.ts';
import { socketPath } from '../dataplane/wireguard/uapi.ts';
import type { DeviceName } from '../mesh/model.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';

export interface SupervisorDeps {
  /** Request files. */
  readonly folder: string;
  /** wireguard-go's sockets. */
  readonly uapiFolder: string;
  /** The program, by name or path. */
  readonly program: string;
  /** The PATH that wireguard-go is given; nothing else of our environment reaches it. */
  readonly path: string;
  readonly start: Start;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Keeps one wireguard-go running per request file.
 *
 *     requested   socket answers   started by us   then
 *     yes         yes              -               leave it alone; it may be from an earlier run of this process
 *     yes         no               yes, alive      wait, it is starting
 *     yes         no               no              start it, at most once a second
 *     no          yes              -               remove its socket, upon which wireguard-go ends
 *     no          no               yes, alive      terminate it
 */
export class Supervisor {
  readonly #deps: SupervisorDeps;
  readonly #served = new Map<DeviceName, Served>();

  constructor(deps: SupervisorDeps) {
    this.#deps = deps;
  }

  /**
   * One look at the requests. Quick; call it on every change of the folder, every second, and when it calls `wake`
   * because a wireguard-go ended. Throws an AggregateError of what went wrong, when the others have been served.
   */
  async reconcile(wake: () => void): Promise<void> {
    const requested = new Set(await requestedDevices(this.#deps.folder));
    const gone = [...this.#served].filter(([device]) => !requested.has(device));
    const results = await Promise.allSettled([
      ...gone.map(([device, served]) => this.#end(device, served)),
      ...[...requested].map((device) => this.#keep(device, wake)),
    ]);
    const errors = results.flatMap((result): unknown[] => (result.status === 'rejected' ? [result.reason] : []));
    if (errors.length > 0) throw new AggregateError(errors, 'Some devices could not be served');
  }

  async #keep(device: DeviceName, wake: () => void): Promise<void> {
    const served = this.#served.get(device);
    if (await answers(socketPath(this.#deps.uapiFolder, device))) {
      if (served === undefined) this.#deps.log.info({ device }, 'adopted a running wireguard-go');
      this.#served.set(device, served ?? { startedAt: Number.NEGATIVE_INFINITY, running: undefined });
      return;
    }
    const now = this.#deps.clock.monotonic();
    if (served?.running !== undefined || (served !== undefined && now - served.startedAt < 1000)) return;
    this.#served.set(device, this.#started(device, now, wake));
  }

  #started(device: DeviceName, startedAt: number, wake: () => void): Served {
    const { log, start, program, path, folder } = this.#deps;
    const output = openSync(logPath(folder, device), 'a', 0o600);
    if (fstatSync(output).size > MAX_LOG_BYTES) ftruncateSync(output);
    const env = { PATH: path, LOG_LEVEL: 'error' };
    const running = start(program, ['-f', device], { env, output });
    closeSync(output);
    const served: Served = { startedAt, running };
    log.info({ device, pid: running.pid }, 'started wireguard-go');
    void running.ended.then((how) => {
      served.running = undefined;
      log.info({ device, pid: running.pid, how }, 'wireguard-go ended');
      wake();
    });
    return served;
  }

  async #end(device: DeviceName, served: Served): Promise<void> {
    await rm(socketPath(this.#deps.uapiFolder, device), { force: true });
    served.running?.terminate();
    if (served.running !== undefined) return;
    await rm(logPath(this.#deps.folder, device), { force: true });
    this.#served.delete(device);
  }
}

interface Served {
  readonly startedAt: number;
  /** Undefined when it ended, or when it was adopted. */
  running: Running | undefined;
}

/** What a wireguard-go may have said before its file is emptied at the next start. */
const MAX_LOG_BYTES = 64 * 1024;
