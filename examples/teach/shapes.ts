/** Drawings as strokes: as a network sees them, a little different each time, and the ones that it knows at first. */
import { randomWord } from "../../src/numeric/random_word.ts";

/** Pixels of a picture's side. */
export const SIDE = 28;
/** Pixels of the longer side of what is drawn in it, and half the width of a line. */
const SIZE = 20, RADIUS = 1.4;

/** Places that a pen goes through, x to the right and y down, in any unit. */
export type Stroke = readonly (readonly [x: number, y: number])[];

/** A name and how it is drawn. */
export interface Shape {
  readonly name: string;
  readonly strokes: readonly Stroke[];
}

const circle = Array.from({ length: 25 }, (_, i): [number, number] => {
  const angle = i / 24 * 2 * Math.PI;
  return [Math.cos(angle), Math.sin(angle)];
});

/** What the network learns before anybody draws. */
export const SHAPES: readonly Shape[] = [
  { name: "circle", strokes: [circle] },
  { name: "cross", strokes: [[[-1, -1], [1, 1]], [[1, -1], [-1, 1]]] },
  { name: "triangle", strokes: [[[0, -1], [1, 0.8], [-1, 0.8], [0, -1]]] },
  { name: "zigzag", strokes: [[[-1, -0.7], [1, -0.7], [-1, 0.7], [1, 0.7]]] },
];

/** A picture `[28, 28, 1]` of strokes, 0 to 1: moved to the middle, as large as fits. */
export function pictureOf(strokes: readonly Stroke[]): Float32Array {
  const { middle, half } = boxOf(strokes);
  const scale = SIZE / (2 * half);
  const place = ([x, y]: readonly [number, number]): [number, number] => [
    (x - middle[0]) * scale + SIDE / 2,
    (y - middle[1]) * scale + SIDE / 2,
  ];
  const picture = new Float32Array(SIDE * SIDE);
  for (const stroke of strokes) {
    const placed = stroke.map(place);
    placed.forEach((point, i) => {
      draw(picture, placed[Math.max(0, i - 1)], point);
    });
  }
  return picture;
}

/** Adds a line: a pixel is as dark as the line's edge is far behind it. */
function draw(
  picture: Float32Array,
  [ax, ay]: readonly [number, number],
  [bx, by]: readonly [number, number],
): void {
  const [dx, dy] = [bx - ax, by - ay];
  const square = dx * dx + dy * dy;
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      const [px, py] = [column + 0.5 - ax, row + 0.5 - ay];
      const along = square === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / square));
      const distance = Math.hypot(px - along * dx, py - along * dy);
      const ink = Math.min(1, Math.max(0, RADIUS + 0.5 - distance));
      const at = row * SIDE + column;
      picture[at] = Math.max(picture[at], ink);
    }
  }
}

/** The same drawing by another hand: turned, stretched, bent, strokes a little aside; other ones for other seeds. */
export function jittered(strokes: readonly Stroke[], seed: number): Stroke[] {
  let draws = 0;
  const random = (most: number): number =>
    (randomWord(seed, HAND_STREAM, 0, draws++) / 2 ** 31 - 1) * most;
  const { middle: [mx, my], half } = boxOf(strokes);
  const angle = random(0.25);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [wide, high] = [1 + random(0.2), 1 + random(0.2)];
  const [bendX, bendY] = [random(0.2), random(0.2)];
  return strokes.map((stroke) => {
    const [asideX, asideY] = [random(0.08), random(0.08)];
    return stroke.map(([px, py]): [number, number] => {
      const [x, y] = [(px - mx) / half, (py - my) / half];
      return [
        wide * (x * cos - y * sin + bendX * y * y) + asideX,
        high * (x * sin + y * cos + bendY * x * x) + asideY,
      ];
    });
  });
}

/** `HAND`: the stream of random numbers of hands. */
const HAND_STREAM = 0x48414e44;

/** Where strokes lie: the middle, and half of the longer side. */
function boxOf(strokes: readonly Stroke[]) {
  const points = strokes.flat();
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
  return {
    middle: [(left + right) / 2, (top + bottom) / 2] as const,
    half: Math.max(right - left, bottom - top, 1e-6) / 2,
  };
}
