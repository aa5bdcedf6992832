import type { Bench, Options, Run, Subject } from './part.js';

/** The runs of every subject, one per round, by its name. */
export type Results = ReadonlyMap<string, readonly Run[]>;

/**
 * In each round every subject runs once; and once before, unmeasured, so that its code is compiled and its caches are
 * full. The order turns and is swapped, so that nobody is always first or always after the same one.
 */
export async function runRounds(
  { subjects, warmsUp = true }: Bench,
  { rounds, seconds }: Options,
  onStep: (label: string) => void,
): Promise<Results> {
  const results = new Map<string, Run[]>(subjects.map(({ name }) => [name, []]));
  for (let round = warmsUp ? -1 : 0; round < rounds; round++) {
    const isWarmUp = round < 0;
    for (const subject of inOrder(subjects, Math.max(0, round))) {
      onStep(`${isWarmUp ? 'warming up' : `round ${round + 1}`}: ${subject.name}`);
      const run = await subject.run(seconds);
      if (!isWarmUp) results.get(subject.name)!.push(run);
      else if (run.faults.length > 0) console.error(`${subject.name}, warming up: ${run.faults.join('; ')}`);
    }
  }
  return results;
}

export const stepsOf = ({ subjects, warmsUp = true }: Bench, { rounds }: Options): number =>
  subjects.length * (rounds + (warmsUp ? 1 : 0));

function inOrder(subjects: readonly Subject[], round: number): readonly Subject[] {
  const first = Math.floor(round / 2) % subjects.length;
  const turned = [...subjects.slice(first), ...subjects.slice(0, first)];
  return round % 2 === 0 ? turned : turned.toReversed();
}
