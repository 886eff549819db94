import { z } from 'zod';
import { LOG_FORMATS, LOG_LEVELS } from './log.ts';

/** Options of every process about its log. */
export const logOptions = {
  logLevel: z.enum(LOG_LEVELS).default('info').describe('Least important lines to log.'),
  logFormat: z.enum(LOG_FORMATS).default('json').describe('json for machines, text for people.'),
};

/** Options of every process with a health server; each has a port of its own, since they may share a host. */
export function healthOptions(port: number) {
  return {
    healthAddress: z.string().default('127.0.0.1').describe('Address for /healthz, /readyz and /metrics.'),
    healthPort: z
      .number()
      .int()
      .min(0)
      .max(65535)
      .default(port)
      .describe('Port for /healthz, /readyz and /metrics; 0 chooses one.'),
  };
}
