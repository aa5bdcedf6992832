import { Injectable } from '@nestjs/common';

/** What one socket may take of the server. */
@Injectable()
export class LiveLimits {
  /** Bytes that may wait for a socket; beyond them it leaves its feeds until it has drained. */
  slowBytes = 1024 * 1024;
  /** How long a socket may take to drain, in milliseconds, before it is closed. */
  slowMs = 30_000;
}
