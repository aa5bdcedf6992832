/** Why a socket is closed: RFC 6455 section 7.4, and 4401 for what HTTP calls 401. */
export const Close = { goingAway: 1001, policy: 1008, tooBig: 1009, tryLater: 1013, notSignedIn: 4401 } as const;
