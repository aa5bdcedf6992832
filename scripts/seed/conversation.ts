import { directConversationId } from '../../src/common/ids.js';
import { Kind } from '../../src/conversations/conversation.entity.js';
import { RoleNumber } from '../../src/conversations/member.entity.js';
import type { DemoPerson } from './people.js';
import type { Sketch } from './plan.js';
import { firstAbove, type Random } from './random.js';
import type { Rhythm } from './rhythm.js';
import { groupName, textOf } from './words.js';

/** A whole conversation as the tables hold it; times in ms. The place of a message in the list is its seq - 1. */
export interface DemoConversation {
  readonly id: string;
  readonly kind: Kind;
  readonly name: string | null;
  readonly userA: string | null;
  readonly userB: string | null;
  readonly lastAt: number;
  readonly createdAt: number;
  readonly membersVersion: number;
  readonly members: readonly DemoMember[];
  readonly messages: readonly DemoMessage[];
  readonly blocks: readonly DemoBlock[];
}

export interface DemoMember {
  readonly userId: string;
  readonly role: RoleNumber;
  readonly joinedSeq: number;
  readonly deliveredSeq: number;
  readonly readSeq: number;
  readonly joinedAt: number;
}

export interface DemoMessage {
  readonly senderId: string;
  readonly clientMessageId: string | null;
  readonly text: string;
  readonly sentAt: number;
}

export interface DemoBlock {
  readonly blockerId: string;
  readonly blockedId: string;
  readonly createdAt: number;
}

/** Somebody who is, or was, in the conversation. Times in ms. */
interface Guest {
  readonly person: DemoPerson;
  readonly joinedAt: number;
  /** Infinity for those who stayed. */
  readonly leftAt: number;
}

const SECOND = 1000;
/** People write a few messages in a row, so far apart. */
const BURST_MESSAGES = 7;
const PAUSE = 45 * SECOND;
const MAX_AT_ONCE = 5;

const JOINS_LATER = 0.25;
const LEAVES = 0.05;
const ADMINS = 0.1;
const FALL_OUT = 0.02;
const HAS_CLIENT_ID = 0.3;
const HAS_READ_ALL = 0.6;
const HAS_RECEIVED_ALL = 0.8;

/** Writes the conversation that a sketch describes. */
export function writeConversation(
  random: Random,
  rhythm: Rhythm,
  people: readonly DemoPerson[],
  sketch: Sketch,
): DemoConversation {
  const born = 0.85 * random.share() ** 2; // more of them are old than new
  const createdAt = rhythm.at(born);
  const guests = sketch.members.map((i, place) => guest(random, rhythm, people[i]!, sketch, place, born));
  const messages = writeMessages(random, rhythm, guests, sketch.messages, born);
  const sentAt = Float64Array.from(messages, (message) => message.sentAt);
  const stayed = guests.filter(({ leftAt }) => leftAt === Infinity);
  const members = stayed.map((guest, place) => memberOf(random, guest, place, stayed.length, sketch, messages, sentAt));
  const changes = guests.length - stayed.length + guests.filter(({ joinedAt }) => joinedAt > createdAt).length;
  const lastAt = messages.at(-1)?.sentAt ?? createdAt;
  const general = { createdAt, lastAt, membersVersion: 1 + changes, members, messages };
  if (sketch.kind === 'group') {
    const id = random.idMadeAt(createdAt);
    return { ...general, id, kind: Kind.group, name: groupName(random), userA: null, userB: null, blocks: [] };
  }
  const [userA = '', userB = userA] = guests.map(({ person }) => person.id).toSorted();
  const blocks =
    userA !== userB && random.chance(FALL_OUT) ? [fallOut(random, userA, userB, lastAt, rhythm.until)] : [];
  return { ...general, id: directConversationId(userA, userB), kind: Kind.direct, name: null, userA, userB, blocks };
}

/** Both of a pair are there from the beginning to the end, and so is the first of a group, who owns it. */
function guest(
  random: Random,
  rhythm: Rhythm,
  person: DemoPerson,
  { kind }: Sketch,
  place: number,
  born: number,
): Guest {
  const mayMove = kind === 'group' && place > 0;
  const joined = mayMove && random.chance(JOINS_LATER) ? shareAfter(random, born) : born;
  const leaves = mayMove && random.chance(LEAVES);
  const leftAt = leaves ? rhythm.at(shareAfter(random, joined)) : Infinity;
  return { person, joinedAt: rhythm.at(joined), leftAt };
}

const shareAfter = (random: Random, share: number): number => share + (1 - share) * random.share();

/** Bursts of messages among some of those who are there, put in order of time. */
function writeMessages(
  random: Random,
  rhythm: Rhythm,
  guests: readonly Guest[],
  count: number,
  born: number,
): DemoMessage[] {
  const messages: DemoMessage[] = [];
  while (messages.length < count) {
    const startsAt = rhythm.at(shareAfter(random, born));
    const talking = whoTalks(random, guests, startsAt);
    const length = Math.min(count - messages.length, 1 + Math.floor(random.exponential(BURST_MESSAGES)));
    for (let i = 0, sentAt = startsAt; i < length; i++, sentAt += Math.ceil(random.exponential(PAUSE))) {
      messages.push(messageOf(random, random.pick(talking), inTime(random, startsAt, sentAt, rhythm.until)));
    }
  }
  return messages.sort((a, b) => a.sentAt - b.sentAt);
}

/** What would be sent after `until` was sent shortly before. */
const inTime = (random: Random, startsAt: number, sentAt: number, until: number): number =>
  sentAt <= until ? sentAt : Math.max(startsAt, until - Math.ceil(random.exponential(PAUSE)));

/** The first is always there; the earlier in the list, the more they talk. */
function whoTalks(random: Random, guests: readonly Guest[], at: number): DemoPerson[] {
  const present = guests.filter(({ joinedAt, leftAt }) => joinedAt <= at && at + 3600 * SECOND < leftAt);
  if (present.length <= 2) return (present.length > 0 ? present : guests.slice(0, 1)).map(({ person }) => person);
  const count = Math.min(present.length, 2 + random.below(MAX_AT_ONCE - 1));
  return Array.from({ length: count }, () => present[Math.floor(present.length * random.share() ** 2)]!.person);
}

function messageOf(random: Random, sender: DemoPerson, sentAt: number): DemoMessage {
  const clientMessageId = random.chance(HAS_CLIENT_ID) ? random.uuid() : null;
  return { senderId: sender.id, clientMessageId, text: textOf(random), sentAt };
}

/** Joined after what was sent before; has read what came before their own last message, and mostly the rest. */
function memberOf(
  random: Random,
  { person, joinedAt }: Guest,
  place: number,
  size: number,
  { kind }: Sketch,
  messages: readonly DemoMessage[],
  sentAt: Float64Array,
): DemoMember {
  const lastSeq = messages.length;
  const joinedSeq = firstAbove(sentAt, joinedAt - 1);
  const ownSeq = messages.findLastIndex(({ senderId }) => senderId === person.id) + 1;
  const seen = Math.max(joinedSeq, ownSeq - 1);
  const readSeq = random.chance(HAS_READ_ALL) ? lastSeq : between(random, seen, lastSeq);
  const deliveredSeq = random.chance(HAS_RECEIVED_ALL) ? lastSeq : between(random, readSeq, lastSeq);
  const role = kind === 'direct' ? RoleNumber.member : roleAt(place, size);
  return { userId: person.id, role, joinedSeq, deliveredSeq, readSeq, joinedAt };
}

const between = (random: Random, from: number, to: number): number =>
  to - Math.floor((to - from + 1) * random.share() ** 3);

function roleAt(place: number, size: number): RoleNumber {
  if (place === 0) return RoleNumber.owner;
  return place <= size * ADMINS ? RoleNumber.admin : RoleNumber.member;
}

/** One of two has enough of the other, a minute after the last word. */
function fallOut(random: Random, userA: string, userB: string, lastAt: number, until: number): DemoBlock {
  const [blockerId, blockedId] = random.chance(0.5) ? [userA, userB] : [userB, userA];
  return { blockerId, blockedId, createdAt: Math.min(lastAt + 60 * SECOND, until) };
}
