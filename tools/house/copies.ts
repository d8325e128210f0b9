/** Blocks of lines that stand in two places. */

/** A block and where it stands; lines count from 1. */
export interface Copy {
  readonly places: readonly [first: Place, second: Place];
  /** How many lines with words are the same, one after another. */
  readonly lines: number;
}

/** A line of a file. */
export interface Place {
  readonly path: string;
  readonly line: number;
}

interface Line extends Place {
  readonly text: string;
}

const placeOf = ({ path, line }: Line): Place => ({ path, line });

/** A name, a number or a parameter in a list that takes a line for each. */
const LISTED = /^-?[\w.]+(?:\??: \w+)?,?$/;

/**
 * What a line is compared by; nothing where it is empty, a comment, an import, only brackets, or one of a
 * list: two calls of one function have the same arguments without being copies.
 */
function normalised(line: string): string | undefined {
  const text = line.trim().replaceAll(/\s+/g, " ");
  const says = /\w/.test(text) && !/^(?:\/\/|\/\*|\*|import\b|export .* from )/.test(text) &&
    !LISTED.test(text);
  return says ? text : undefined;
}

/**
 * Finds blocks of at least `least` lines that repeat an earlier block. Only whole lines are compared, so
 * that the same code with other names is not found.
 */
export function copiesIn(
  files: Iterable<readonly [path: string, text: string]>,
  least = 8,
): Copy[] {
  const lines: Line[] = [];
  for (const [path, source] of files) {
    source.split("\n").forEach((each, i) => {
      const text = normalised(each);
      if (text !== undefined) lines.push({ path, line: i + 1, text });
    });
  }
  const same = (a: number, b: number): boolean =>
    lines[a]?.text === lines[b]?.text && lines[a] !== undefined;
  /** How far two blocks are the same, each within its file and the first before the second. */
  const length = (first: number, second: number): number => {
    let count = 0;
    while (
      first + count < second && same(first + count, second + count) &&
      lines[first + count].path === lines[first].path &&
      lines[second + count].path === lines[second].path
    ) count++;
    return count;
  };
  const seen = new Map<string, number[]>();
  const copies: Copy[] = [];
  for (let i = 0; i + least <= lines.length;) {
    const key = lines.slice(i, i + least).map(({ text }) => text).join("\n");
    const earlier = seen.get(key) ?? [];
    const [longest, first] = earlier.map((j) => [length(j, i), j] as const)
      .reduce((a, b) => b[0] > a[0] ? b : a, [0, -1] as const);
    if (longest >= least) {
      copies.push({ places: [placeOf(lines[first]), placeOf(lines[i])], lines: longest });
      i += longest;
    } else {
      seen.set(key, [...earlier, i]);
      i++;
    }
  }
  return copies;
}
