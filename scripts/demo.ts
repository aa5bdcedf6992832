// Two people in one terminal, talking live through a running Parley: npm run demo
import { createInterface } from 'node:readline/promises';
import { makePeople, type DemoPerson } from './demo/people.js';
import { playScene, Player } from './demo/scene.js';
import { Screen } from './demo/screen.js';
import { findService, type Service } from './demo/service.js';

const screen = new Screen(['Ana', 'Ben']);
let service: Service | undefined;
let people: DemoPerson[] = [];
let players: Player[] = [];

/** Lines that are typed are said; an empty one changes who says them. Ends with Ctrl-D. */
async function talk(): Promise<void> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  terminal.on('SIGINT', () => terminal.close());
  let [speaker, other] = players as [Player, Player];
  screen.tells('now you: a line is said, an empty one changes sides, Ctrl-C ends');
  const prompt = (): void => {
    terminal.setPrompt(`${speaker.name} > `);
    terminal.prompt();
  };
  prompt();
  for await (const line of terminal) {
    if (line.trim() === '') [speaker, other] = [other, speaker];
    else await speaker.say(other, line).catch((error: unknown) => screen.tells(String(error)));
    other.reads();
    prompt();
  }
}

/** The people of the demo, and a service of its own, leave nothing behind. */
async function tidy(): Promise<void> {
  for (const { live } of players.splice(0)) live.close();
  await Promise.allSettled(people.splice(0).map(({ api }) => api.removeMe()));
  await service?.stop();
}

process.once('SIGINT', () => void tidy().then(() => process.exit(130)));
process.once('SIGTERM', () => void tidy().then(() => process.exit(143)));

try {
  service = await findService((text) => screen.tells(text));
  screen.tells(`talking through ${service.url}`);
  people = await makePeople(service, ['Ana', 'Ben']);
  const nameOf = (userId: string): string => people.find(({ user }) => user.id === userId)?.name ?? 'Somebody';
  screen.title();
  players = people.map((person) => new Player(person, screen, nameOf));
  const [ana, ben] = players as [Player, Player];
  await playScene(ana, ben, screen);
  if (process.stdin.isTTY && process.stdout.isTTY) await talk();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await tidy();
}
