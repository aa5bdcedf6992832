import { afterEach } from '@jest/globals';
import { WebSocket } from 'ws';
import type { Live, LiveEvents, LiveMessage, LiveOptions, Parley, ServerFrame } from '../../sdk/src/index.js';
import { frameFaults } from './live-contract.js';

const open = new Set<Live>();
const violations: string[] = [];

/** Closes the clients that a test leaves open; a frame that does not match asyncapi.json fails the test. */
afterEach(() => {
  for (const live of open) live.close();
  open.clear();
  const found = violations.splice(0);
  if (found.length > 0) throw new Error(found.join('\n'));
});

/** A WebSocket that checks both directions against the document. */
class CheckedWebSocket extends WebSocket {
  constructor(url: string, protocols?: string[], options?: object) {
    super(url, protocols, options);
    this.on('message', (data: Buffer) => {
      const faults = frameFaults('server', JSON.parse(data.toString()) as ServerFrame);
      if (faults.length > 0) violations.push(`the server told ${data.toString()}: ${faults.join(', ')}`);
    });
  }

  override send(data: string): void {
    const faults = frameFaults('client', JSON.parse(data));
    if (faults.length > 0) violations.push(`the client said ${data}: ${faults.join(', ')}`);
    super.send(data);
  }
}

/** A live client and the events that it emitted: it closes with the test. */
export class Followed {
  readonly messages: LiveMessage[] = [];
  private readonly waiting = new Set<() => void>();

  constructor(readonly live: Live) {
    open.add(live);
    live.on('message', (message) => {
      this.messages.push(message);
      for (const resolve of this.waiting) resolve();
      this.waiting.clear();
    });
  }

  static by(api: Parley, options: LiveOptions = {}): Followed {
    return new Followed(api.live({ webSocket: CheckedWebSocket, ...options }));
  }

  /** All texts, when there are at least this many. */
  async texts(count: number): Promise<string[]> {
    while (this.messages.length < count) await new Promise<void>((resolve) => this.waiting.add(resolve));
    return this.messages.map(({ text }) => text);
  }
}

/** The next event of this name that matches. */
export const nextEvent = <K extends keyof LiveEvents>(
  live: Live,
  name: K,
  match: (event: LiveEvents[K]) => boolean = () => true,
): Promise<LiveEvents[K]> =>
  new Promise((resolve) => {
    const off = live.on(name, (event) => {
      if (!match(event)) return;
      off();
      resolve(event);
    });
  });
