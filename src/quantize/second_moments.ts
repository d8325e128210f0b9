/** Second moments of activations, by the float engine's matrix products: sums in one order on every host. */
import type { SyncInstance } from "../engines/engine.ts";
import { Graph } from "../graph/graph.ts";
import { linear } from "../graph/ops/mod.ts";
import { packed } from "../layouts/elements.ts";
import { lower } from "../lower/lower.ts";
import type { CompiledProgram } from "../program/program.ts";

/** Columns of a strip; the products of a strip with what is not below it are left out. */
const STRIP = 192;
/** Columns that become rows together: their rows stay in the cache. */
const TURNED = 16;
/** Widest activation. */
const MOST_COLUMNS = 2 ** 20;

/** Loads a float program. */
export type LoadProgram = (
  program: CompiledProgram,
  symbols: Readonly<Record<string, number>>,
) => Promise<SyncInstance>;

/**
 * Adds `XᵀX` of batches of rows to moments: of a batch in float32, rows ascending in one accumulator, then the sums in
 * the order of the calls.
 */
export class SecondMoments implements Disposable {
  private constructor(
    private readonly instance: SyncInstance,
    private readonly panel: string,
    private readonly rows: number,
  ) {}

  /**
   * @param rows Most rows of a batch.
   * @param columns Most columns.
   */
  static async of(load: LoadProgram, rows: number, columns: number): Promise<SecondMoments> {
    const graph = new Graph();
    const count = graph.symbol("columns", MOST_COLUMNS);
    const x = graph.input("x", "f32", [count, rows]);
    // A weight that is written: in panels, as layers read it.
    const weight = graph.derived("f32", [STRIP, rows], ["strip"], () => ({
      dtype: "f32",
      shape: [STRIP, rows],
      data: new Float32Array(STRIP * rows),
    }));
    graph.output("y", graph.apply(linear, { x, weight }));
    const { program, derived: [panel] } = lower(graph, { parameters: true });
    return new SecondMoments(await load(program, { max_columns: columns }), panel.name, rows);
  }

  /**
   * Adds the moments of a batch.
   *
   * @param moments `[columns, columns]`, of which the lower triangle is added to.
   * @param x `[rows, columns]`, at most as many rows as this was made for.
   */
  add(moments: Float32Array, x: Float32Array, columns: number): void {
    const { rows } = this;
    // Rows that are not there are zeros, which change no sum.
    const turned = new Float32Array(columns * rows);
    const given = x.length / columns;
    for (let first = 0; first < columns; first += TURNED) {
      const end = Math.min(columns, first + TURNED);
      for (let r = 0; r < given; r++) {
        for (let c = first; c < end; c++) turned[c * rows + r] = x[r * columns + c];
      }
    }
    const strip = new Float32Array(STRIP * rows);
    for (let first = 0; first < columns; first += STRIP) {
      const below = turned.subarray(first * rows);
      strip.fill(0);
      strip.set(below.subarray(0, STRIP * rows));
      const shape = [STRIP, rows];
      this.instance.write(
        this.panel,
        new Float32Array(packed({ dtype: "f32", shape, data: strip }, "panel_8").slice().buffer),
      );
      const { y } = this.instance.runSync({ x: below });
      const sums = y.data as Float32Array;
      for (let i = first; i < columns; i++) {
        const from = (i - first) * STRIP;
        const to = i * columns + first;
        const width = Math.min(STRIP, i - first + 1);
        for (let j = 0; j < width; j++) moments[to + j] += sums[from + j];
      }
    }
  }

  [Symbol.dispose](): void {
    this.instance[Symbol.dispose]();
  }
}
