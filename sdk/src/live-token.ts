import { renewInMs, type Clock } from './live-clock.js';
import { isFinal, ParleyError } from './parley-error.js';

/** The access tokens of one caller. */
export interface TokenSource {
  token(): string | undefined;
  /** Gets another token; undefined if there is no refresh token to renew it with. */
  renew(): Promise<void> | undefined;
}

/** How long to wait after a renewal that failed for a temporary reason. */
const RETRY_MS = 5_000;

/** Renews a connection's token before it expires, and replaces a refused token once. */
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

  /** The connection is open: renews its token in time, and passes the new one to `use`. Other users of the source may renew it, too. */
  watch(use: (token: string) => void): void {
    this.stop();
    const inMs = this.used === undefined ? undefined : renewInMs(this.used, this.clock.now());
    if (inMs !== undefined) this.cancel = this.clock.after(inMs, () => void this.renew(use));
  }

  /** The connection is closed: stops renewing. */
  stop(): void {
    this.cancel();
    this.cancel = () => undefined;
  }

  /** The server has accepted the token: if it is refused later, it may be renewed again. */
  worked(): void {
    this.hasRenewed = false;
  }

  /** The server refused the token: gets another. @throws ParleyError not-signed-in: there is none, or the server refused a renewed one */
  async replace(): Promise<void> {
    if (this.source.token() !== this.used) return;
    const renewal = this.hasRenewed ? undefined : this.source.renew();
    if (!renewal) throw notSignedIn();
    this.hasRenewed = true;
    await renewal;
  }

  private async renew(use: (token: string) => void): Promise<void> {
    let isStopped = false;
    this.cancel = () => (isStopped = true);
    try {
      if (this.source.token() === this.used) await this.source.renew();
    } catch (error) {
      if (isStopped || isFinal(error)) return; // the server closes the socket when the token expires
      this.cancel = this.clock.after(RETRY_MS, () => void this.renew(use));
      return;
    }
    const token = this.source.token();
    if (isStopped || token === undefined || token === this.used) return;
    this.used = token;
    use(token);
    this.watch(use);
  }
}

const notSignedIn = (): ParleyError =>
  new ParleyError(new Response(null, { status: 401 }), {
    code: 'not-signed-in',
    detail: 'The token has expired or its session has ended.',
  });
