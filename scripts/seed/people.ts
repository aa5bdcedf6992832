import type { Random } from './random.js';
import { CAST, nameOf } from './words.js';

export interface DemoPerson {
  readonly id: string;
  /** Null for those whom an application brought; they have an externalId instead. */
  readonly username: string | null;
  readonly externalId: string | null;
  readonly displayName: string;
  /** ms */
  readonly createdAt: number;
}

/** How many of the others an application brought. */
const BROUGHT = 0.2;
const DAY = 24 * 3_600_000;

/** The cast, then others, all registered in the 90 days before `before` (ms); no two share a username. */
export function makePeople(random: Random, count: number, before: number): DemoPerson[] {
  const taken = new Set<string>();
  return Array.from({ length: count }, (_, i) => {
    const createdAt = Math.floor(before - random.share() * 90 * DAY);
    const id = random.idMadeAt(createdAt);
    const star = CAST[i];
    const name = nameOf(random);
    const isBrought = star === undefined && random.chance(BROUGHT);
    return {
      id,
      username: isBrought ? null : freeName(star ?? `${name.first}.${name.last}`.toLowerCase(), taken),
      externalId: isBrought ? `demo:${id}` : null,
      displayName: `${star ? star[0]!.toUpperCase() + star.slice(1) : name.first} ${name.last}`,
      createdAt,
    };
  });
}

/** The same people where some of their usernames are taken by others: those get a number behind it. */
export const avoiding = (people: readonly DemoPerson[], taken: ReadonlySet<string>): DemoPerson[] => {
  const all = new Set([...taken, ...people.flatMap(({ username }) => username ?? [])]);
  return people.map((person) =>
    person.username !== null && taken.has(person.username)
      ? { ...person, username: freeName(person.username, all) }
      : person,
  );
};

function freeName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let number = 2; taken.has(name); number++) name = `${wanted}.${number}`;
  taken.add(name);
  return name;
}
