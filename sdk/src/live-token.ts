import { renewInMs, type Clock } from './live-clock.js';
import { isFinal, ParleyError } from './parley-error.js';

/** Where tokens come from. */
export interface TokenSource {
  token(): string | undefined;
  /** Gets another token; undefined where there is nothing to renew it with. */
  renew(): Promise<void> | undefined;
}

/** After a token could not be renewed for a passing reason. */
const AGAIN_MS = 5_000;

/** Sees to it that a connection's token is renewed before it expires, and that a refused one is replaced once. */
export class TokenKeeper {
  private used: string | undefined;
  private hasRenewed = false;
  private cancel: () => void = () => undefined;

  constructor(
    private readonly source: TokenSource,
    private readonly clock: Clock,
  ) {}

  /** The token for a new connection. */
  take(): string | undefined {
    return (this.used = this.source.token());
  }

  /** The token holds: when another is needed, `tell` gets it. Whoever else shares the tokens may renew them, too. */
  watch(tell: (token: string) => void): void {
    this.rest();
    const inMs = this.used === undefined ? undefined : renewInMs(this.used, this.clock.now());
    if (inMs !== undefined) this.cancel = this.clock.after(inMs, () => void this.renew(tell));
  }

  /** There is no connection. */
  rest(): void {
    this.cancel();
    this.cancel = () => undefined;
  }

  /** What the token was used for has worked: should it be refused later, it may be renewed again. */
  worked(): void {
    this.hasRenewed = false;
  }

  /** The token was refused: gets another. @throws ParleyError not-signed-in: there is none, or one just renewed was refused */
  async replace(): Promise<void> {
    if (this.source.token() !== this.used) return;
    const renewal = this.hasRenewed ? undefined : this.source.renew();
    if (!renewal) throw notSignedIn();
    this.hasRenewed = true;
    await renewal;
  }

  private async renew(tell: (token: string) => void): Promise<void> {
    let isResting = false;
    this.cancel = () => (isResting = true);
    try {
      if (this.source.token() === this.used) await this.source.renew();
    } catch (error) {
      if (isResting || isFinal(error)) return; // the server closes the socket when it is time
      this.cancel = this.clock.after(AGAIN_MS, () => void this.renew(tell));
      return;
    }
    const token = this.source.token();
    if (isResting || token === undefined || token === this.used) return;
    this.used = token;
    tell(token);
    this.watch(tell);
  }
}

const notSignedIn = (): ParleyError =>
  new ParleyError(new Response(null, { status: 401 }), {
    code: 'not-signed-in',
    detail: 'The token has expired or its session has ended.',
  });
