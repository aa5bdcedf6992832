/** Parley cannot start, for a reason that the message tells a person in full: no stack is shown with it. */
export class StartupError extends Error {}
