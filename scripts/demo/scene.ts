import { setTimeout as sleep } from 'node:timers/promises';
import type { Live, LiveMessage, LiveState } from '../../sdk/src/index.js';
import type { DemoPerson } from './people.js';
import type { Screen } from './screen.js';

/** Slow enough to be read. */
const BEAT_MS = process.stdout.isTTY ? 900 : 50;

/** One person at their screen: what they are told is shown there as it comes. */
export class Player {
  live: Live;
  private readonly waiting = new Set<() => void>();
  private readonly shown = new Set<string>();
  private last: LiveMessage | undefined;

  constructor(
    readonly person: DemoPerson,
    private readonly screen: Screen,
    private readonly nameOf: (userId: string) => string,
  ) {
    this.live = this.connect();
  }

  get name(): string {
    return this.person.name;
  }

  /** Says something, and waits until both have it on their screens. */
  async say(to: Player, text: string): Promise<void> {
    const start = performance.now();
    const { id, seq } = await this.live.send(to.person.user.id, text);
    await Promise.all([this.sees(id), to.online ? to.sees(id) : undefined]);
    const ms = (performance.now() - start).toFixed(1);
    this.screen.tells(to.online ? `number ${seq}, stored and on both screens after ${ms} ms` : `number ${seq}, stored`);
  }

  async typesAndSays(to: Player, text: string): Promise<void> {
    if (this.last) this.live.typing(this.last.conversationId);
    await sleep(BEAT_MS);
    await this.say(to, text);
    await sleep(BEAT_MS / 2);
  }

  online = true;

  /** Loses the connection; what is kept is where they were. */
  leave(): LiveState {
    this.online = false;
    const state = this.live.state();
    this.live.close();
    return state;
  }

  async comeBack(state: LiveState): Promise<void> {
    this.live = this.connect(state);
    await this.live.ready();
    this.online = true;
  }

  /** Reads everything that is on the screen. */
  reads(): void {
    if (this.last) this.live.read(this.last);
  }

  /** Resolves when this message is on the screen. */
  async sees(id: string): Promise<void> {
    while (!this.shown.has(id)) await new Promise<void>((resolve) => this.waiting.add(resolve));
  }

  private connect(state?: LiveState): Live {
    const live = this.person.api.live(state && { state });
    live.on('message', (message) => this.shows(message));
    live.on('typing', ({ userId }) => this.screen.shows(this.name, `${this.nameOf(userId)} is typing …`, 'dim'));
    live.on('receipt', ({ userId, readSeq }) => {
      const isAll = userId !== this.person.user.id && readSeq === this.last?.seq;
      if (isAll) this.screen.shows(this.name, `✓✓ ${this.nameOf(userId)} has read it`, 'cyan');
    });
    return live;
  }

  private shows(message: LiveMessage): void {
    const isOwn = message.sender.id === this.person.user.id;
    this.last = message;
    this.screen.shows(this.name, `${message.sender.displayName}: ${message.text}`, isOwn ? 'green' : 'yellow');
    this.shown.add(message.id);
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }
}

/** Ten seconds of two people talking. */
export async function playScene(ana: Player, ben: Player, screen: Screen): Promise<void> {
  await Promise.all([ana.live.ready(), ben.live.ready()]);
  screen.tells('both are connected');
  await ana.say(ben, 'Hello Ben! Rowing on Sunday?');
  await ben.typesAndSays(ana, 'Hello Ana. Gladly, if it stays dry.');
  ana.reads();
  await sleep(BEAT_MS);
  screen.tells(`${ben.name} goes offline`);
  const state = ben.leave();
  await ana.typesAndSays(ben, 'It will. Seven at the boathouse?');
  await ana.typesAndSays(ben, 'I bring the coffee.');
  await sleep(BEAT_MS);
  screen.tells(`${ben.name} is back, and gets exactly what he missed`);
  await ben.comeBack(state);
  ben.reads();
  await sleep(BEAT_MS);
  await ben.typesAndSays(ana, 'Seven it is. See you there!');
}
