/** Some figures against something that grows. */
export interface Plot {
  /** Of the file. */
  readonly name: string;
  readonly title: string;
  readonly x: { readonly label: string; readonly isLog: boolean };
  readonly y: { readonly label: string };
  readonly lines: readonly { readonly name: string; readonly points: readonly (readonly [x: number, y: number])[] }[];
}

const WIDTH = 800;
const HEIGHT = 420;
const LEFT = 70;
const RIGHT = 230;
const TOP = 50;
const BOTTOM = 55;
/** Told apart by eyes that mistake red and green, too: https://jfly.uni-koeln.de/color/ */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#555555'];
const TEXT_HEIGHT = 15;

/** The plot as SVG: each line named at its end, the vertical axis from 0. */
export function toSvg({ title, x, y, lines }: Plot): string {
  const points = lines.flatMap((line) => line.points);
  const xs = [...new Set(points.map(([value]) => value))].sort((a, b) => a - b);
  const top = niceAbove(Math.max(...points.map(([, value]) => value)));
  const place = (value: number): number => (x.isLog ? Math.log10(Math.max(value, 1)) : value);
  const [first, last] = [place(xs[0]!), place(xs.at(-1)!)];
  const toX = (value: number): number => LEFT + ((place(value) - first) / (last - first || 1)) * (WIDTH - LEFT - RIGHT);
  const toY = (value: number): number => HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM);
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => share * top);
  const names = spreadOut(lines.map((line) => toY(line.points.at(-1)![1])));

  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="white"/>
<text x="${LEFT}" y="25" font-size="15" font-weight="bold">${escape(title)}</text>
${ticks.map((tick) => `<path d="M${LEFT} ${round(toY(tick))}H${WIDTH - RIGHT}" stroke="#ddd"/><text x="${LEFT - 8}" y="${round(toY(tick) + 4)}" text-anchor="end">${short(tick)}</text>`).join('\n')}
${xs.map((value) => `<text x="${round(toX(value))}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${short(value)}</text>`).join('\n')}
<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 12}" text-anchor="middle">${escape(x.label)}</text>
<text x="${LEFT - 8}" y="${TOP - 10}" text-anchor="end">${escape(y.label)}</text>
${lines.map((line, i) => drawLine(line, { toX, toY, colour: COLOURS[i % COLOURS.length]!, nameY: names[i]! })).join('\n')}
</svg>
`;
}

function drawLine(
  { name, points }: Plot['lines'][number],
  { toX, toY, colour, nameY }: { toX(x: number): number; toY(y: number): number; colour: string; nameY: number },
): string {
  const path = points.map(([x, y]) => `${round(toX(x))},${round(toY(y))}`);
  const dots = path.map((point) => point.split(',')).map(([x, y]) => `<circle cx="${x}" cy="${y}" r="3"/>`);
  return `<g fill="${colour}"><polyline points="${path.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join('')}<text x="${WIDTH - RIGHT + 10}" y="${round(nameY + 4)}">${escape(name)}</text></g>`;
}

/** Moves heights apart, so that no text lies on another: down, then up again from the axis. */
function spreadOut(heights: readonly number[]): number[] {
  const order = heights.map((_, i) => i).sort((a, b) => heights[a]! - heights[b]!);
  const moved = [...heights];
  let free = -Infinity;
  for (const i of order) {
    moved[i] = Math.max(moved[i]!, free);
    free = moved[i] + TEXT_HEIGHT;
  }
  free = HEIGHT - BOTTOM;
  for (const i of order.toReversed()) {
    moved[i] = Math.min(moved[i]!, free);
    free = moved[i] - TEXT_HEIGHT;
  }
  return moved;
}

/** The next of 1, 2, 2.5, 5, 10 … times a power of ten. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value || 1));
  return power * [1, 2, 2.5, 5, 10].find((factor) => factor * power >= value)!;
}

const short = (value: number): string =>
  new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 }).format(value);
const round = (value: number): number => Math.round(value * 10) / 10;
const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
