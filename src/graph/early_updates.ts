/** Updates of parameters as soon as their gradients are there, so that these need not all be kept (gradient release). */
import type { Graph, Node, Value } from "./graph.ts";
import { Schedule } from "./schedule.ts";
import { scheduledGraph } from "./scheduled_graph.ts";
import { inputsOf } from "./traversal.ts";

/**
 * Moves each node of an entry that updates parameters up to where all that it is computed from is there and nobody reads what the
 * parameters were any more.
 *
 * @param computed How many of the graph's first nodes compute gradients; what comes behind them updates by these, and what it is
 * computed from besides (rates) does not change before the entry ends.
 */
export function updatedEarly(source: Graph, entry: string, computed: number): Graph {
  const schedule = Schedule.of(source, entry);
  const { turns, memory } = schedule;
  const gradient = new Set(source.nodes.slice(0, computed));
  const makers = new Map(turns.flatMap(({ makes }, i) => makes.map((version) => [version, i])));
  const sourcesOf = (turn: number): number[] =>
    turns[turn].reads.map((version) => makers.get(version)!);
  const done = new Set<number>();
  const waiting = new Map<number, readonly number[]>();
  turns.forEach(({ node }, turn) => {
    const written = writtenBy(node).map((value) => memory.memoryOf(value));
    if (!written.some((value) => source.parameters.includes(value))) return;
    const readers = turns.slice(0, turn).flatMap(({ node }, i) =>
      inputsOf(node).some((input) => written.includes(memory.memoryOf(input))) ? [i] : []
    );
    const needed = [...ancestors(turn, sourcesOf)].filter((i) => gradient.has(turns[i].node));
    waiting.set(turn, [...readers, ...needed]);
  });
  const give = (turn: number): void => {
    if (done.has(turn)) return;
    sourcesOf(turn).forEach(give);
    done.add(turn);
  };
  turns.forEach((_, turn) => {
    give(turn);
    for (const [update, needed] of waiting) {
      if (!needed.every((i) => done.has(i))) continue;
      waiting.delete(update);
      give(update);
    }
  });
  return scheduledGraph(source, entry, schedule.reordered([...done].map((i) => turns[i])));
}

function ancestors(
  turn: number,
  sourcesOf: (turn: number) => readonly number[],
  found = new Set<number>(),
): Set<number> {
  for (const source of sourcesOf(turn)) {
    if (found.has(source)) continue;
    found.add(source);
    ancestors(source, sourcesOf, found);
  }
  return found;
}

/** What a node updates. */
export function writtenBy({ definition: { writes = [] }, inputs }: Node): Value[] {
  return writes.flatMap((name) => inputs[name] ?? []);
}
