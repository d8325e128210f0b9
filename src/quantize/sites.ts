/**
 * Sites: where real values are put on a grid of integers. A value may be read on more than one grid,
 * so a site belongs to a value and those that read it on this grid. Methods of quantisation differ in
 * their sites; the rewriter makes codes for them, and calibration finds their scales.
 */
import type { Graph, GraphOutput, Node, Value } from "../graph/graph.ts";
import { nodesOf, outputsOf, producersOf } from "../graph/traversal.ts";
import { scaleOf } from "../numeric/grid.ts";

/** A grid of integers; its scale is observed unless its range is known. */
export interface Grid {
  /** Width of its codes. */
  readonly bits: 8 | 12 | 14 | 16;
  /** The code of 0, where values are not symmetric around it, with a range. Only linear layers read such codes. */
  readonly zeroPoint?: number;
  /** What each channel is divided by before, and columns of weights are multiplied by (SmoothQuant). */
  readonly divisors?: Float32Array;
  /** Real values of its ends, where they are known or learned. */
  readonly range?: readonly [low: number, high: number];
}

/** A grid with the name of its scale. */
export interface Site extends Grid {
  /** Sites of one name share a scale. */
  readonly name: string;
}

/** A reader of a value: an input of a node, or the caller. Ops that only move elements are seen through. */
export type Use =
  | { readonly kind: "input"; readonly node: Node; readonly input: string }
  | { readonly kind: "output"; readonly name: string };

/** What says which use it is. */
export type Reader =
  | { readonly kind: "input"; readonly node: Pick<Node, "outputs">; readonly input: string }
  | { readonly kind: "output"; readonly name: string };

/** Who makes and who reads a value. */
export interface Origin {
  /** The node that makes it; `undefined` for an input or a constant. */
  readonly producer: Node | undefined;
  /** All that read it. */
  readonly uses: readonly Use[];
}

/** On which grid a use reads a value; `undefined` where it reads what the op gives. */
export type SiteOf = (value: Value, use: Use, origin: Origin) => Site | undefined;

/** The sites of the nodes that some outputs need. */
export class SiteTable {
  readonly #uses: Map<number, Use[]> = new Map();
  readonly #producers: Map<number, Node>;
  /** The site of each use that has one, with the value. */
  readonly placed: { readonly site: Site; readonly value: Value }[] = [];
  readonly #ofUse: Map<string, Site | undefined> = new Map();

  constructor(graph: Graph, outputs: readonly GraphOutput[], siteOf: SiteOf) {
    this.#producers = producersOf(graph);
    const nodes = nodesOf(graph, outputs);
    for (const { value, name } of outputs) this.#add(value, { kind: "output", name });
    for (const node of nodes.toReversed()) {
      const through = node.definition.movesOnly
        ? outputsOf(node).flatMap((value) => this.uses(value))
        : undefined;
      for (const [input, value] of Object.entries(node.inputs)) {
        if (value === undefined) continue;
        const moved = input === Object.keys(node.inputs)[0] ? through : undefined;
        for (const use of moved ?? [{ kind: "input", node, input } as const]) {
          this.#add(value, use);
        }
      }
    }
    for (const uses of this.#uses.values()) uses.reverse();
    const made = nodes.filter(({ definition }) => !definition.movesOnly).flatMap(outputsOf);
    const constants = [...graph.constants.values()].map(({ value }) => value);
    for (const value of [...graph.inputs, ...constants, ...made]) {
      const origin = { producer: this.#producers.get(value.id), uses: this.uses(value) };
      for (const use of origin.uses) {
        const site = siteOf(value, use, origin);
        this.#ofUse.set(keyOf(use), site);
        if (site !== undefined) this.placed.push({ site, value });
      }
    }
  }

  /** All that read a value, in order, seen through ops that only move elements. */
  uses(value: Value): readonly Use[] {
    return this.#uses.get(value.id) ?? [];
  }

  /** The site at which a use reads its value. */
  at(use: Reader): Site | undefined {
    return this.#ofUse.get(keyOf(use));
  }

  /** The sites of a value, each once, in the order of their first readers. */
  of(value: Value): Site[] {
    const sites = new Map<string, Site>();
    for (const use of this.uses(value)) {
      const site = this.at(use);
      if (site !== undefined && !sites.has(site.name)) sites.set(site.name, site);
    }
    return [...sites.values()];
  }

  #add(value: Value, use: Use): void {
    const uses = this.#uses.get(value.id);
    if (uses === undefined) this.#uses.set(value.id, [use]);
    else uses.push(use);
  }
}

/** The scale of a grid whose range is known, float32. */
export function scaleOfRange(
  { bits, zeroPoint, range }: Grid & Required<Pick<Grid, "range">>,
): number {
  const [low, high] = range;
  return zeroPoint === undefined
    ? scaleOf(Math.max(Math.abs(low), Math.abs(high)), bits)
    : Math.fround((high - low) / (2 ** bits - 1));
}

function keyOf(use: Reader): string {
  if (use.kind === "output") return `output ${use.name}`;
  return `${Object.values(use.node.outputs)[0].id} ${use.input}`;
}
