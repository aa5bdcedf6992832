import { isUuid } from '../common/ids.js';
import { EXTERNAL_ID, USERNAME } from './names.js';

/** A parsed address: exactly one of these. */
export type ParsedAddress = { readonly id: string } | { readonly username: string } | { readonly externalId: string };

const EXTERNAL = 'ext:';

/**
 * Reads `<id>`, `@<username>` or `ext:<externalId>`, percent-encoded or not (no part of an address contains a percent
 * sign). Undefined for anything else: no user can have that address.
 */
export function parseAddress(address: string): ParsedAddress | undefined {
  const text = decoded(address);
  if (isUuid(text)) return { id: text.toLowerCase() };
  if (text.startsWith('@') && USERNAME.test(text.slice(1))) return { username: text.slice(1).toLowerCase() };
  if (text.startsWith(EXTERNAL) && EXTERNAL_ID.test(text.slice(EXTERNAL.length))) {
    return { externalId: text.slice(EXTERNAL.length) };
  }
  return undefined;
}

/** The canonical text of an address: several texts name the same user. */
export function addressText(address: ParsedAddress): string {
  if ('id' in address) return address.id;
  return 'username' in address ? `@${address.username}` : EXTERNAL + address.externalId;
}

function decoded(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
