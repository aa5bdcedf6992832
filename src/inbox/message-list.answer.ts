import type { IncomingMessage, ServerResponse } from 'node:http';
import { EMPTY_PAGE_ETAG } from '../common/paging.dto.js';
import { Answer } from '../http/answer.decorator.js';
import type { MessagePage } from './message-list.dto.js';

/** A page, and how it came about. */
export interface ListedMessages {
  readonly page: MessagePage;
  /** How long the database was asked, in milliseconds; undefined: not at all, since the feeds know that nothing is unread. */
  readonly databaseMs: number | undefined;
}

const SERVER_TIMING = 'Server-Timing';
/** In front of the routes, and by the route. */
const FROM_MEMORY = 'mem';
const FROM_MEMORY_BY_ROUTE = 'mem;desc="route"';
const EMPTY_PAGE = '{"items":[]}';

/** `Server-Timing` says how the page came about; an empty one has an ETag, and is 304 to a client that has it. */
export const AnswersList = (): ReturnType<typeof Answer<ListedMessages>> =>
  Answer(({ page, databaseMs }, response) => {
    const timing = databaseMs === undefined ? FROM_MEMORY_BY_ROUTE : `db;dur=${databaseMs.toFixed(1)}`;
    response.setHeader(SERVER_TIMING, timing);
    if (page.items.length > 0 || page.next !== undefined) return page;
    response.setHeader('ETag', EMPTY_PAGE_ETAG);
    if (response.req.headers['if-none-match'] !== EMPTY_PAGE_ETAG) return page;
    response.statusCode = 304;
    return undefined;
  });

/** The same answer for an empty page from memory, by itself. */
export function writeEmptyPage({ headers }: IncomingMessage, response: ServerResponse): void {
  response.setHeader(SERVER_TIMING, FROM_MEMORY);
  response.setHeader('ETag', EMPTY_PAGE_ETAG);
  if (headers['if-none-match'] === EMPTY_PAGE_ETAG) {
    response.statusCode = 304;
    response.end();
    return;
  }
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.setHeader('Content-Length', EMPTY_PAGE.length);
  response.end(EMPTY_PAGE);
}
