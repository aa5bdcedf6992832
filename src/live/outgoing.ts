import type { Socket } from 'node:net';

let waiting: Outgoing[] = [];

/** What is called when the bytes have gone out. */
interface DrainHandler {
  drained(): void;
}

const OWNER = Symbol('drain handler');

/** One function for all sockets: a closure for each would take 56 bytes. */
function onDrain(this: Socket & { [OWNER]?: DrainHandler }): void {
  this[OWNER]!.drained();
}

/** Frames that went to several sockets together, and their bytes: a group's burst is joined once for all of them. */
let lastJoined: { readonly frames: readonly Buffer[]; readonly bytes: Buffer } | undefined;

/**
 * What goes out of one TCP socket. What one turn of the event loop has for it goes out together, in one system call,
 * which is what sending mostly costs: for a burst of four messages to 200 sockets 1.8 µs a frame, against 6.5 with
 * `ws.send` and one buffer for all (processor time, one run, interleaved).
 */
export class Outgoing {
  private frames: Buffer[] | undefined;
  private bytes = 0;

  constructor(
    private readonly tcp: Socket,
    owner: DrainHandler,
  ) {
    Object.assign(tcp, { [OWNER]: owner }).on('drain', onDrain);
  }

  /** Bytes that have not gone out. */
  get length(): number {
    return this.bytes + this.tcp.writableLength;
  }

  /** Takes a whole frame. */
  push(frame: Buffer): void {
    this.bytes += frame.length;
    if (this.frames) {
      this.frames.push(frame);
      return;
    }
    this.frames = [frame];
    waiting.push(this);
    if (waiting.length === 1) setImmediate(flushAll);
  }

  /** Hands over to the operating system at once: before a frame that goes another way, such as that of closing. */
  flush(): void {
    const { frames } = this;
    if (!frames) return;
    this.frames = undefined;
    this.bytes = 0;
    if (this.tcp.writable) this.tcp.write(join(frames));
  }
}

function flushAll(): void {
  const all = waiting;
  waiting = [];
  for (const one of all) one.flush();
  lastJoined = undefined;
}

function join(frames: readonly Buffer[]): Buffer {
  if (frames.length === 1) return frames[0]!;
  const isSame = lastJoined?.frames.length === frames.length && lastJoined.frames.every((one, i) => one === frames[i]);
  if (!isSame) lastJoined = { frames, bytes: Buffer.concat(frames) };
  return lastJoined!.bytes;
}
