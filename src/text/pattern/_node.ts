import type { CodePointSet } from "../unicode/code_point_set.ts";

/** A pattern as a tree. */
export type Node =
  | { readonly kind: "set"; readonly set: CodePointSet }
  | { readonly kind: "sequence"; readonly nodes: readonly Node[] }
  | { readonly kind: "choice"; readonly nodes: readonly Node[] }
  | Repeat
  | { readonly kind: "atomic"; readonly node: Node }
  | Look
  | { readonly kind: "assert"; readonly at: Assertion };

/** A node several times. */
export interface Repeat {
  readonly kind: "repeat";
  readonly node: Node;
  readonly min: number;
  readonly max: number;
  readonly lazy: boolean;
}

/** Lookahead or lookbehind. */
export interface Look {
  readonly kind: "look";
  readonly node: Node;
  readonly behind: boolean;
  readonly negative: boolean;
}

/** `^`, `$`, `\A`, `\Z`, `\z`, `\b`, `\B`. */
export type Assertion =
  | "line start"
  | "line end"
  | "start"
  | "end or last line end"
  | "end"
  | "word boundary"
  | "no word boundary";

/** How many code points a node matches, at least and at most. */
export function widthOf(node: Node): readonly [min: number, max: number] {
  switch (node.kind) {
    case "set":
      return [1, 1];
    case "sequence": {
      const widths = node.nodes.map(widthOf);
      return [sum(widths.map(([min]) => min)), sum(widths.map(([, max]) => max))];
    }
    case "choice": {
      const widths = node.nodes.map(widthOf);
      return [
        widths.reduce((least, [min]) => Math.min(least, min), Infinity),
        widths.reduce((most, [, max]) => Math.max(most, max), 0),
      ];
    }
    case "repeat": {
      const [min, max] = widthOf(node.node);
      return [min * node.min, max === 0 ? 0 : max * node.max];
    }
    case "atomic":
      return widthOf(node.node);
    case "look":
    case "assert":
      return [0, 0];
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
