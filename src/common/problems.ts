import { problem } from './problem.js';

// Every problem that Parley answers, on one screen. `problem(code, status, title)`.

export const malformed = problem('malformed', 400, 'The request cannot be read.');
export const onBehalfOfRequired = problem('on-behalf-of-required', 400, 'Say for which user: On-Behalf-Of is missing.');
export const ambiguousCredentials = problem('ambiguous-credentials', 400, 'Send a token or an API key, not both.');

export const notSignedIn = problem('not-signed-in', 401, 'A valid access token or API key is needed.');
export const wrongCredentials = problem('wrong-credentials', 401, 'The username or the password is wrong.');

export const forbidden = problem('forbidden', 403, 'The caller may not do this.');
export const recipientBlockedYou = problem('recipient-blocked-you', 403, 'The recipient has blocked the sender.');
export const actingUserNotFound = problem('acting-user-not-found', 403, 'There is no user to act for at this address.');
export const registrationClosed = problem('registration-closed', 403, 'Registration is closed on this server.');

export const userNotFound = problem('user-not-found', 404, 'There is no such user.');
export const recipientNotFound = problem('recipient-not-found', 404, 'There is no such recipient.');
export const groupNotFound = problem('group-not-found', 404, 'There is no such group, or you are not in it.');
export const messageNotFound = problem('message-not-found', 404, 'There is no such message.');
export const conversationNotFound = problem('conversation-not-found', 404, 'There is no such conversation.');
export const sessionNotFound = problem('session-not-found', 404, 'There is no such session.');
export const apiKeyNotFound = problem('api-key-not-found', 404, 'There is no such API key.');
export const notBlocked = problem('not-blocked', 404, 'This user is not blocked.');
export const notAMember = problem('not-a-member', 404, 'This user is not a member of the group.');
export const noSuchRoute = problem('no-such-route', 404, 'There is no such route.');

export const methodNotAllowed = problem('method-not-allowed', 405, 'This route does not take this method.');

export const usernameTaken = problem('username-taken', 409, 'This username is taken.');
export const externalIdTaken = problem('external-id-taken', 409, 'This externalId is taken.');
export const alreadyBlocked = problem('already-blocked', 409, 'This user is blocked already.');
export const clientMessageIdReused = problem(
  'client-message-id-reused',
  409,
  'This clientMessageId was used for another text.',
);

export const tooLarge = problem('too-large', 413, 'The body is larger than the server takes.');
export const notJson = problem('not-json', 415, 'The body has to be application/json.');

export const invalid = problem('invalid', 422, 'A field has a value that is not allowed.');
export const blockSelf = problem('block-self', 422, 'You cannot block yourself.');
export const groupFull = problem('group-full', 422, 'The group has as many members as it may have.');

export const tooManyRequests = problem('too-many-requests', 429, 'Too many requests.');
export const internal = problem('internal', 500, 'Something went wrong on the server.');
export const unavailable = problem('unavailable', 503, 'The server cannot do this now; try again.');
