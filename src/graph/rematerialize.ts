/**
 * Values that are computed again where they are needed next, so that they take no memory in between (rematerialisation).
 * Nodes give the same bits whenever they run: random numbers are those of their element and of the step.
 */
import type { Graph, Node } from "./graph.ts";
import { nodeWork } from "./node_work.ts";
import { Recomputations } from "./recomputation.ts";
import type { Recomputation } from "./recomputation.ts";
import { Schedule } from "./schedule.ts";
import { scheduledGraph } from "./scheduled_graph.ts";

/** A graph whose entry takes less memory. */
export interface Rematerialized {
  readonly graph: Graph;
  /** Nodes that run again, as often as they do. */
  readonly again: readonly Node[];
  /** Estimated work of the entry as it was, and of what runs again, in multiply-accumulates. */
  readonly work: { readonly before: number; readonly added: number };
  /** Bytes that values take at most, as far as a graph shows it. */
  readonly peak: number;
}

/**
 * Has nodes of an entry run again until its values take no more bytes than that. Each time the fullest moment is looked at: of
 * what is only kept then, that is computed again which takes most off the bytes above the limit, by the work it costs.
 *
 * @returns `undefined` where it finds no way.
 */
export function rematerialize(
  source: Graph,
  entry: string,
  most: number,
): Rematerialized | undefined {
  const first = Schedule.of(source, entry);
  let schedule = first;
  for (;;) {
    const ways = new Recomputations(schedule);
    const above = ways.excess(most);
    if (above === 0) break;
    let best: Recomputation | undefined;
    let bestGain = 0;
    for (const way of ways.all(most)) {
      const work = way.again.reduce((sum, { node }) => sum + nodeWork(node), 1);
      const gain = (above - ways.excessWith(way, most)) / work;
      if (gain > bestGain) [best, bestGain] = [way, gain];
    }
    if (best === undefined) return undefined;
    schedule = schedule.repeated(best.at, best.again);
  }
  const again = schedule.turns.filter(({ isAgain }) => isAgain).map(({ node }) => node);
  const workOf = (nodes: readonly Node[]): number =>
    nodes.reduce((sum, node) => sum + nodeWork(node), 0);
  return {
    graph: again.length === 0 ? source : scheduledGraph(source, entry, schedule),
    again,
    work: { before: workOf(first.turns.map(({ node }) => node)), added: workOf(again) },
    peak: schedule.peak,
  };
}
