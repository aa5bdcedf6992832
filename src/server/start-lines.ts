import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { StartupError } from '../common/startup-error.js';
import type { Settings } from '../config/settings.js';

/** What a person sees once the server listens. A key that the operator set is not shown. */
export function readyLines(settings: Settings, address: AddressInfo, ownKey: boolean): string[] {
  const url = urlOf(address);
  const key = ownKey
    ? `${settings.bootstrapApiKey} (kept in ${path.join(settings.dataDir, 'application-key')})`
    : settings.bootstrapApiKey && 'the one in BOOTSTRAP_API_KEY';
  return [
    'Parley is ready.',
    `  API              ${url}/v1`,
    `  Swagger UI       ${url}/docs`,
    `  Application key  ${key ?? 'none (set BOOTSTRAP_API_KEY to have a first one)'}`,
    `  Registration     ${settings.registration === 'open' ? 'open: anyone may register' : 'closed: only applications make users'}`,
    `  First message    try it out at ${url}/docs, or paste the curl lines of README.md`,
  ];
}

/** An address that a browser on this machine can open. */
function urlOf({ address, port }: AddressInfo): string {
  const everywhere = address === '0.0.0.0' || address === '::';
  const host = address.includes(':') ? `[${address}]` : address;
  return `http://${everywhere ? 'localhost' : host}:${port}`;
}

const LISTEN_ERRORS: Record<string, string> = {
  EADDRINUSE: 'is in use; set PORT to another, or stop what listens there',
  EACCES: 'may not be used by this user; set PORT to one from 1024 on',
  EADDRNOTAVAIL: 'is not an address of this machine; see HOST',
  ENOTFOUND: 'is not an address of this machine; see HOST',
};

/** Why the server did not start: a line for what a person can mend, the stack for what is a bug. */
export function startErrorText(error: unknown, { host, port }: Partial<Settings>): string {
  if (error instanceof StartupError) return error.message;
  const { code = '', syscall, message, stack } = error as NodeJS.ErrnoException;
  const fault = syscall === 'listen' || syscall === 'getaddrinfo' ? LISTEN_ERRORS[code] : undefined;
  if (fault) return `${host} port ${port} ${fault}`;
  if (syscall && code === 'EACCES') return `${message}. Start it as the user who made this, or see DATA_DIR.`;
  if (syscall) return message;
  return stack ?? String(error);
}
