import type { LoggerService } from '@nestjs/common';
import { pino, type Logger } from 'pino';
import type { LogLevel } from '../config/settings.js';

/** Where lines of log go; for people where it is a terminal. */
export interface LogStream {
  readonly isTTY?: boolean;
  write(line: string): unknown;
}

/** What the framework says while it starts: every module and route, and what stops it, which main tells people. */
const START_CONTEXTS = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
  'ExceptionHandler',
]);

type Level = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

/** One line per entry: JSON (pino's, with `level` in words and `time` in RFC 3339), or text in a terminal. */
export function createLogger(level: LogLevel, stream: LogStream = process.stdout): LoggerService {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return new ParleyLogger(pino(options, stream.isTTY ? { write: (line) => stream.write(asText(line)) } : stream));
}

/** Nest's levels on pino's: `log` is info, `verbose` is trace. The last string that Nest passes is the context. */
class ParleyLogger implements LoggerService {
  constructor(private readonly pino: Logger) {}

  fatal(message: unknown, ...rest: unknown[]): void {
    this.fail('fatal', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.fail('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.write('info', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  /** Nest passes a stack, which may be undefined, before the context. */
  private fail(level: Level, message: unknown, [stack, ...context]: unknown[]): void {
    const isStack = context.length > 0 || String(stack).includes('\n');
    if (isStack) this.write(level, message, context, typeof stack === 'string' ? { stack } : {});
    else this.write(level, message, [stack]);
  }

  private write(wanted: Level, message: unknown, rest: unknown[], more = {}): void {
    const context = rest.at(-1);
    const level = START_CONTEXTS.has(String(context)) ? 'debug' : wanted;
    if (!this.pino.isLevelEnabled(level)) return;
    const fields = { ...(typeof context === 'string' && { context }), ...more };
    if (message instanceof Error) this.pino[level]({ ...fields, stack: message.stack }, message.message);
    else if (typeof message === 'object') this.pino[level]({ ...fields, ...message });
    else this.pino[level](fields, String(message));
  }
}

interface Entry {
  readonly level: string;
  readonly time: string;
  readonly context?: string;
  readonly msg?: string;
  readonly stack?: string;
}

/** `20:15:02 info  http  GET /v1/users/me 200 …`: the time of day in UTC, and the values of other fields in their order. */
function asText(line: string): string {
  const { level, time, context = '', msg, stack, ...others } = JSON.parse(line) as Entry;
  const words = [time.slice(11, 19), level.padEnd(5), context, msg, ...Object.values(others)].filter(
    (word) => word !== undefined && word !== '',
  );
  return `${words.join(' ')}\n${stack ? `${stack}\n` : ''}`;
}
