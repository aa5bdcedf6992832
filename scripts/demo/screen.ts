import { styleText } from 'node:util';

type Colour = Parameters<typeof styleText>[0];

const isPlain = !process.stdout.isTTY || process.env.NO_COLOR !== undefined;
const MIN_WIDTH = 24;

const paint = (colour: Colour, text: string): string => (isPlain ? text : styleText(colour, text));

/** Two screens beside each other, each line in its own one's column: what they see, when they see it. */
export class Screen {
  private readonly width = Math.max(MIN_WIDTH, Math.floor(((process.stdout.columns ?? 100) - 3) / 2));

  constructor(private readonly owners: readonly [string, string]) {}

  title(): void {
    this.line(
      this.owners.map((name) => paint(['bold'], `${name} sees`.padEnd(this.width))),
      '│',
    );
    this.line([paint('dim', '─'.repeat(this.width)), paint('dim', '─'.repeat(this.width))], '┼');
  }

  /** Something that one of them sees. */
  shows(owner: string, text: string, colour: Colour = 'reset'): void {
    const side = this.owners.indexOf(owner);
    for (const part of wrapped(text, this.width)) {
      const cell = paint(colour, part) + ' '.repeat(this.width - part.length);
      this.line(side === 0 ? [cell, ''] : [' '.repeat(this.width), cell], '│');
    }
  }

  /** Something that neither sees: what happens. */
  tells(text: string): void {
    process.stdout.write(`${paint('dim', `── ${text} `)}\n`);
  }

  private line([left = '', right = '']: readonly string[], between: string): void {
    process.stdout.write(`${left} ${paint('dim', between)} ${right}`.trimEnd() + '\n');
  }
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else for (let at = 0; at < Math.max(1, word.length); at += width) lines.push(word.slice(at, at + width));
  }
  return lines;
}
