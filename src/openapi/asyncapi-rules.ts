/** A section of the rules of `GET /v1/live`, for the document and for the page that shows it. */
export interface Section {
  readonly title: string;
  /** Code is in backquotes. */
  readonly lines: readonly string[];
}

export const LIVE_RULES: readonly Section[] = [
  {
    title: 'Connecting',
    lines: [
      'Offer the subprotocol `parley.v1`. Frames are JSON in text frames; each has a `type`. A client ignores types and fields that it does not know.',
      'The upgrade request authenticates the caller, and nothing in the URL does: `Authorization: Bearer <access token>`; or an application’s `X-Api-Key` with `On-Behalf-Of`; or, since browsers cannot set headers, a second subprotocol `bearer.<access token>`, which the server neither selects nor logs.',
      'With headers a refusal is an HTTP answer, `application/problem+json` as on every route. Browsers do not show it: if a `bearer.` token is not valid, the server opens the socket and closes it at once with 4401.',
      'The server closes the socket when its access token expires. `auth` with a new token of the same user prolongs it, and the socket then belongs to that token’s session; a refused token changes nothing.',
    ],
  },
  {
    title: 'Receiving',
    lines: [
      'A client sends `resume` first, and once. Before it the server sends no messages or changes, and accepts only `auth` and `ping`.',
      'For each conversation the server sends the messages after the client’s position. If the client gives none, it sends the messages after the caller’s `deliveredSeq`, at most the newest 200; with `backlog: false` it sends only new ones.',
      '`ready` means that the backlog is complete. The server sends it again when it may have missed receipts or changes, for instance after it lost its database: then load the heads of conversations again (`GET /v1/conversations`). It misses no messages.',
      'A backlog keeps the order within each conversation, and has none between conversations.',
    ],
  },
  {
    title: 'Positions: how nothing is lost, doubled or out of order',
    lines: [
      'A position is `{seq, joinedSeq}`: the last number that the client has looked at, and the membership in which it did.',
      'A client applies a `message` if its `afterSeq` is at most the client’s seq. If the message’s own seq is at most the client’s seq as well, it is a duplicate: drop it. Otherwise show it, and the client’s seq becomes the message’s.',
      'If the `afterSeq` of a `message` is greater than the client’s seq, there is a gap: first read windows (`GET /v1/conversations/{conversation}/messages?afterSeq=`) until the client’s seq reaches it. After each window the client’s seq is its `toSeq`.',
      'Numbers are missing if the caller may not see their messages: only `afterSeq` shows whether there is a gap.',
      'Without a position the client takes `joinedSeq` from the conversation’s head (`GET /v1/conversations`), and starts at the first `afterSeq`. A `reply` moves no position: the user’s own messages follow in order like all others.',
      'Store positions with the messages, or send `delivered` for received messages: a client that does neither gets the same backlog each time it connects.',
    ],
  },
  {
    title: 'Membership and blocks',
    lines: [
      '`conversation` with the change `joined` and the caller as `user`: drop what you hold of the conversation and start at the `joinedSeq` of its head. The server sends it when the user joins or comes back, and if a position does not fit the log (a restored database).',
      '`left` with the caller as `user`, or `deleted`: drop the conversation. The server answers positions of conversations that the caller has left with `left`.',
      '`blocks` right after `resume`: the client’s blocksVersion is not the current one. Group positions count as absent, and the groups follow as `joined`.',
      '`blocks` later: other group messages are visible now. Drop the group messages, close the socket, and connect again with the new blocksVersion and without the positions of groups. A client that does not know which of the two cases it has does the same.',
    ],
  },
  {
    title: 'Sending and marking',
    lines: [
      '`send` is `POST /v1/messages`; its `reply` has the same `ref`, and the status and the message or problem of that route. The server stores the sends of one socket to one conversation in the order in which it received them.',
      'Give a `clientMessageId`, and send again with the same one if the socket is lost before the reply: the server stores the message once.',
      '`read` and `delivered` mark a message and everything before it. The server answers only if they fail, and stores `delivered` within a second.',
      'The server sends receipts and typing only in conversations of at most 100 members, and not between two users if one has blocked the other. It sends receipts of the user’s own other devices in every conversation. Send `typing` at most once a second for one conversation.',
    ],
  },
  {
    title: 'Limits',
    lines: [
      'A `resume` may have 1 MiB, every other frame 4 KiB. A larger frame closes the socket with 1009.',
      'The server answers an invalid frame with `problem` (a `send` with its `reply`), and the socket stays open. Ten in a row close it with 1008.',
      'The server pings every 30 seconds and drops the connection of a client that has not answered the ping before. Clients that cannot see pings ask with `ping`.',
      'If a client reads too slowly, the server stops sending for a while, and then sends what the client missed, in order. If it reads nothing for 30 seconds, the server closes the socket with 1013.',
    ],
  },
  {
    title: 'Close codes',
    lines: [
      '`1001`: the server is stopping. Connect again after a random delay.',
      '`1008`: ten frames in a row were invalid.',
      '`1009`: a frame was too large.',
      '`1013`: the client was too slow, or the server cannot send live messages right now. Connect again, and wait longer each time.',
      '`4401`: the token has expired, its session has ended, the key was revoked or the user was removed. Renew the token, then connect again; if that fails, sign in.',
    ],
  },
];

/** The rules as Markdown. */
export const rulesText = (): string =>
  LIVE_RULES.map(({ title, lines }) => `## ${title}\n${lines.map((line) => `* ${line}`).join('\n')}`).join('\n\n');
