import { WeightedPicker, type Random } from './random.js';
import { CAST } from './words.js';

/** A conversation before it is written: who is in it, by their places in the list of people, and how much they write. */
export interface Sketch {
  readonly kind: 'direct' | 'group';
  readonly members: readonly number[];
  readonly messages: number;
}

interface PlanSize {
  readonly people: number;
  readonly conversations: number;
  readonly messages: number;
}

const GROUPS = 0.12;
const MAX_GROUP = 1000;
/** Of groups, since nobody has written yet. */
const SILENT = 0.03;
/** Draws for one conversation before there are no more: with few people most pairs are taken early. */
const MAX_DRAWS = 50;

/** Ana's notes to herself, ana and ben, and the whole cast: there is always something to look at. */
const GIVEN: readonly Omit<Sketch, 'messages'>[] = [
  { kind: 'direct', members: [0] },
  { kind: 'direct', members: [0, 1] },
  { kind: 'group', members: CAST.map((_, i) => i) },
];

/** Who talks with whom. A few people are in much, most in little; a few conversations are long, most short. */
export function planConversations(random: Random, { people, conversations, messages }: PlanSize): Sketch[] {
  const busy = new WeightedPicker(Array.from({ length: people }, (_, i) => (i + 5) ** -0.7));
  const count = Math.min(conversations, messages);
  const groups = Math.round(count * GROUPS);
  const drawn = [...drawPairs(random, busy, count - groups), ...drawGroups(random, busy, groups, people)];
  const sketches = [...GIVEN, ...drawn].slice(0, count);
  const shares = sketches.map(({ kind, members }, i) => {
    if (i >= GIVEN.length && kind === 'group' && random.chance(SILENT)) return 0;
    const talkative = i < GIVEN.length ? 4 : random.logNormal(1.6);
    return kind === 'group' ? talkative * Math.sqrt(members.length) : talkative;
  });
  return spread(shares, messages).map((messages, i) => ({ ...sketches[i]!, messages }));
}

function drawPairs(random: Random, busy: WeightedPicker, count: number): Omit<Sketch, 'messages'>[] {
  const pairs = new Map<string, number[]>([['0,1', []]]);
  for (let draws = count * MAX_DRAWS; pairs.size <= count && draws > 0; draws--) {
    const pair = [busy.pick(random), busy.pick(random)].toSorted((a, b) => a - b);
    if (pair[0] !== pair[1] && !pairs.has(pair.join())) pairs.set(pair.join(), pair);
  }
  pairs.delete('0,1'); // is given
  return [...pairs.values()].map((members) => ({ kind: 'direct', members }));
}

/** Groups of three and more, one in a hundred of them of more than a hundred. */
function drawGroups(random: Random, busy: WeightedPicker, count: number, people: number): Omit<Sketch, 'messages'>[] {
  const largest = Math.min(MAX_GROUP, Math.ceil(people / 2));
  return Array.from({ length: count }, () => {
    const size = Math.min(largest, Math.floor(3 * (1 - random.share()) ** (-1 / 1.3)));
    const members = new Set<number>();
    for (let draws = size * MAX_DRAWS; members.size < size && draws > 0; draws--) members.add(busy.pick(random));
    return { kind: 'group', members: [...members] };
  });
}

/** Divides `total` by shares, whole numbers that add up to it exactly; who has a share at all gets at least one. */
function spread(shares: readonly number[], total: number): number[] {
  const sum = shares.reduce((a, b) => a + b, 0);
  const rest = total - shares.filter((share) => share > 0).length;
  let before = 0;
  let given = 0;
  return shares.map((share) => {
    before += share;
    const upTo = Math.round((rest * before) / sum);
    const part = upTo - given;
    given = upTo;
    return share > 0 ? 1 + part : 0;
  });
}
