import type { Random } from './random.js';

const FIRST_NAMES =
  'Ada Aisha Akira Alba Amir Anja Arun Astrid Bao Bela Carla Chen Chidi Dara Dilan Dina Elif Emeka Enzo Esra Fatou Freya Gita Hana Hugo Ilse Imani Ines Ivan Jana Jonas Kaia Kofi Lars Lea Leyla Lin Luca Maja Malik Mara Mateo Mina Nadia Niko Noor Olga Omar Pia Priya Rafa Rana Sana Sami Selma Tariq Tea Timo Uma Vera Wen Yara Yuki Zoe'.split(
    ' ',
  );
const LAST_NAMES =
  'Abara Aydin Bauer Berg Castro Costa Diallo Dumont Eriksen Farah Fischer Garcia Haddad Hansen Horvat Ito Ivanova Jansen Kaya Keller Kim Kovac Kumar Lang Larsen Leroy Lopez Maric Meyer Mori Nagy Novak Nowak Okafor Olsen Patel Pereira Petrov Popescu Rahman Rossi Sato Schmid Silva Singh Sokolov Suzuki Tanaka Toth Tran Varga Vidal Weber Wang Yilmaz Zhang'.split(
    ' ',
  );

/** Those who log in; what they are called is their username with a capital. */
export const CAST = ['ana', 'ben', 'cleo', 'dan', 'eva', 'finn', 'gia', 'hugo'] as const;

export interface Name {
  readonly first: string;
  readonly last: string;
}

export const nameOf = (random: Random): Name => ({ first: random.pick(FIRST_NAMES), last: random.pick(LAST_NAMES) });

const GROUP_TOPICS =
  'Book club,Climbing,Lunch,Release,Support,Football,Choir,Parents,Neighbours,Garden,Board games,Design,Data,Film night,Running,Trip,Flat hunt,Band,Study group,On call'.split(
    ',',
  );
const GROUP_ENDINGS = ['', '', ' 2026', ' crew', ' team', ' north', ' south', ' planning', ' & friends', ' 🎉'];

export const groupName = (random: Random): string => random.pick(GROUP_TOPICS) + random.pick(GROUP_ENDINGS);

const SHORT = [
  'ok',
  'yes!',
  'no worries',
  '👍',
  '😂',
  'on my way',
  'thanks',
  'thanks a lot 🙏',
  'haha',
  'sure',
  'sounds good',
  'one sec',
  'done',
  'same here',
  'good morning ☀️',
  'good night',
  'call me?',
  'nice!',
  'not yet',
  'see you there',
  'great, thank you',
  '❤️',
];
const SENTENCES = [
  'Are we still on for {day}?',
  'I can do {day} at {time}, does that work for you?',
  'Running {minutes} minutes late, sorry!',
  'Did you see what {name} sent yesterday?',
  'Can you bring the {thing}?',
  'I left the {thing} at {place}, could somebody look?',
  'Let us meet at {place}, say {time}.',
  'Who is coming on {day}? I would book a table at {place}.',
  'The {thing} works again, it only wanted a restart.',
  'Has anyone heard from {name}?',
  'I will ask {name} and tell you {day}.',
  '{day} is fine, {time} at {place} then.',
  'Sorry, I only saw this now.',
  'Please have a look at the {thing} when you find the time, no hurry.',
  'My train stands still since {minutes} minutes…',
  'What do you think, {day} or {day}?',
  '¿Nos vemos el {day} a las {time}?',
  'Danke, das {thing} ist angekommen 🎉',
  'On se retrouve à {time} devant {place} ?',
  '{time}に{place}で会いましょう',
];
const WORDS: Readonly<Record<string, readonly string[]>> = {
  day: ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday', 'tomorrow', 'tonight'],
  time: ['8:30', '9:00', '12:15', '13:00', '17:45', '18:30', '19:00', '20:15'],
  minutes: ['5', '10', '15', '20', '30'],
  place: ['the station', 'Café Central', 'the office', 'the park', 'my place', 'the library', 'Gate 4'],
  thing: ['keys', 'slides', 'tickets', 'laptop', 'guitar', 'report', 'tent', 'camera', 'build', 'invoice'],
  name: FIRST_NAMES,
};

/** Characters; what the API takes. */
const MAX_TEXT = 160;

/** Something people write: mostly a sentence, often a word or two, now and then several sentences. */
export function textOf(random: Random): string {
  if (random.chance(0.35)) return random.pick(SHORT);
  let text = sentence(random);
  while (random.chance(0.2)) text += ` ${sentence(random)}`;
  return [...text].slice(0, MAX_TEXT).join('');
}

const sentence = (random: Random): string =>
  random.pick(SENTENCES).replaceAll(/\{(\w+)\}/g, (_, word: string) => random.pick(WORDS[word]!));
