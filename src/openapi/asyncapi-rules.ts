/** A part of the rules of `GET /v1/live`, in the words of the document and of the page that shows it. */
export interface Section {
  readonly title: string;
  /** Backquotes mark what is literal. */
  readonly lines: readonly string[];
}

export const LIVE_RULES: readonly Section[] = [
  {
    title: 'Connecting',
    lines: [
      'Offer the subprotocol `parley.v1`. Frames are JSON in text frames; each has a `type`. A client passes over types and fields that it does not know.',
      'Who calls is decided on the upgrade, and never by anything in the URL: `Authorization: Bearer <access token>`; or an application’s `X-Api-Key` with `On-Behalf-Of`; or, since browsers cannot set headers, a second subprotocol `bearer.<access token>`, which is neither selected nor logged.',
      'With headers a refusal is an HTTP answer, `application/problem+json` as of any route. Browsers are not shown those: a `bearer.` token that does not hold is accepted, and the socket closed at once with 4401.',
      'The socket ends with its access token. `auth` with a new token of the same user lengthens it, and the socket then belongs to that token’s session; a token that fails changes nothing.',
    ],
  },
  {
    title: 'Following',
    lines: [
      '`resume` comes first and once: nothing is told before it, and of what a client says only `auth` and `ping` are taken before it.',
      'Per conversation it is told what comes after the position that the client gives. Where it gives none: what comes after the caller’s `deliveredSeq`, at most the newest 200 messages; with `backlog: false` nothing.',
      '`ready` says that the backlog is through. It comes again after a disturbance of the server: then load the heads of conversations anew (`GET /v1/conversations`), since receipts and changes may have been missed. Messages never are.',
      'A backlog keeps the order of each conversation; between conversations there is none.',
    ],
  },
  {
    title: 'Positions: how nothing is lost, doubled or out of order',
    lines: [
      'A position is `{seq, joinedSeq}`: the last number that the client has looked at, in which membership.',
      'A `message` with an `afterSeq` that is not beyond the client’s seq is applied: skipped where its own seq is not beyond either, else shown; the client’s seq is then the message’s.',
      'A `message` whose `afterSeq` is beyond the client’s seq leaves a gap: first read windows (`GET /v1/conversations/{conversation}/messages?afterSeq=`) until the client’s seq reaches it; the client’s seq becomes `toSeq` of each.',
      'Numbers may be missing where the caller may not see a message: only `afterSeq` says whether there is a gap.',
      'Without a position the client learns its `joinedSeq` from the conversation’s head (`GET /v1/conversations`), and begins at the first `afterSeq`. A `reply` never moves a position: one’s own messages come in their place as well.',
      'Keep positions with the messages, or say `delivered` for what was received: a client that does neither gets the same backlog each time it connects.',
    ],
  },
  {
    title: 'Membership and blocks',
    lines: [
      '`conversation` with the change `joined` and oneself as `user`: drop what is held of it and begin at the `joinedSeq` of its head. It covers joining, coming back, and positions that no longer fit (a restored database).',
      '`left` with oneself as `user`, or `deleted`: drop the conversation. Positions of conversations that the caller is no longer in are answered with `left`.',
      '`blocks` right after `resume`: another blocksVersion than the client gave. Group positions count as absent: their groups follow as `joined`.',
      '`blocks` later: whose group messages are hidden has changed. Drop the group messages, close the socket, and connect again with the new blocksVersion and without the positions of groups. A client that cannot tell which of the two it was does the same.',
    ],
  },
  {
    title: 'Sending and marking',
    lines: [
      '`send` is `POST /v1/messages`; its `reply` bears the same `ref`, and the status and the message or problem that the route would answer. Sends of one socket to one conversation are stored in the order in which they were said.',
      'Give a `clientMessageId`, and send again with the same one when the socket is lost before the reply: the message is stored once.',
      '`read` and `delivered` mark a message and everything before it. They are answered only where they fail; `delivered` is written within a second.',
      'Receipts and typing go out only in conversations of at most 100 members, and not between two of whom one has blocked the other. One’s own receipts of other devices always come. Say `typing` at most once a second for one conversation.',
    ],
  },
  {
    title: 'Limits',
    lines: [
      'A `resume` may have 1 MiB, every other frame 4 KiB: larger ones close the socket with 1009.',
      'A frame that is not understood is answered with `problem` (a `send` with its `reply`) and closes nothing. Ten in a row close with 1008.',
      'The server pings every 30 seconds and drops the connection of a client that has not answered the ping before. Clients that cannot see pings ask with `ping`.',
      'A client that reads too slowly is told nothing more for a while and then gets what it missed, in order; where it does not read for 30 seconds it is closed with 1013.',
    ],
  },
  {
    title: 'Close codes',
    lines: [
      '`1001`: the server stops. Connect again, after a random moment.',
      '`1008`: ten frames in a row were not understood.',
      '`1009`: a frame was too large.',
      '`1013`: the client was too slow, or the server cannot follow right now. Connect again, later each time.',
      '`4401`: the token has expired, its session has ended, the key was revoked or the user removed. Renew the token, then connect again; where it cannot be renewed, sign in.',
    ],
  },
];

/** The rules as Markdown. */
export const rulesText = (): string =>
  LIVE_RULES.map(({ title, lines }) => `## ${title}\n${lines.map((line) => `* ${line}`).join('\n')}`).join('\n\n');
