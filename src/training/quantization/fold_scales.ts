/** Scales that weights take up, and rows of a prefix: what follows from a Llama as it was learned. */
import type { SyncInstance } from "../../engines/engine.ts";
import { loadWasm } from "../../engines/wasm/load.ts";
import { trainBuild } from "../../engines/wasm/train_module.ts";
import { Graph } from "../../graph/graph.ts";
import { NodeBuilder } from "../../graph/node_builder.ts";
import { compile } from "../../lower/compile.ts";
import { encodeProgram } from "../../program/encode.ts";
import { LearnedLlama } from "./learned_llama.ts";
import type { PrefixRows } from "./learned_llama.ts";
import { BLOCK_LINEARS } from "./llama_block.ts";

/** Gives a model the rows of ids that come before every window, as its float network has them. */
export async function readPrefix(model: LearnedLlama, ids: readonly number[]): Promise<void> {
  model.setPrefix([]);
  const rows: PrefixRows[] = [];
  const { depth, width, kvHeads, headSize } = model.config;
  let x = model.embed(ids);
  for (let layer = 0; layer < depth; layer++) {
    const graph = new Graph();
    const build = new NodeBuilder(graph);
    const input = graph.input("x", "f32", [ids.length, width]);
    const y = model.floatBlock(build, layer, input, (site, value) => {
      if (site !== "k" && site !== "v") return;
      graph.output(site, build.reshape(value, [ids.length, kvHeads * headSize]));
    });
    graph.output("y", y);
    using instance = await loaded(graph);
    const outputs = instance.runSync({ x });
    const [keys, values, next] = ["k", "v", "y"].map((name) =>
      (outputs[name].data as Float32Array).slice()
    );
    rows.push({ keys, values });
    x = next;
  }
  model.setPrefix(rows);
}

/** The model with scales that its weights have taken up, exactly as they were learned; ranges go on to hold. */
export async function folded(model: LearnedLlama): Promise<LearnedLlama> {
  const weights = new Map(model.weights);
  const prefix: PrefixRows[] = [];
  for (let layer = 0; layer < model.config.depth; layer++) {
    const graph = new Graph();
    const build = new NodeBuilder(graph);
    const moved = model.movedBlock(build, layer, ["let"]);
    const rows = model.movedPrefix(build, layer, ["let"]);
    for (const [name, value] of Object.entries({ ...moved, ...rows })) graph.output(name, value);
    using instance = await loaded(graph);
    const outputs = instance.runSync({});
    for (const name of [...BLOCK_LINEARS, "norm1", "norm2"] as const) {
      const data = (outputs[name].data as Float32Array).slice();
      weights.set(model.weightName(layer, name), data);
    }
    if (rows === undefined) continue;
    const [keys, values] = ["keys", "values"].map((name) =>
      (outputs[name].data as Float32Array).slice()
    );
    prefix.push({ keys, values });
  }
  const made = new LearnedLlama(model.config, weights, model.settings);
  made.setPrefix(prefix);
  for (const [name, values] of model.values) {
    if (!LearnedLlama.isOf(name, ["let"])) made.take(name, values);
  }
  return made;
}

/** A graph on the engine that learns. */
export async function loaded(graph: Graph): Promise<SyncInstance> {
  const program = compile(graph, { training: true });
  return await loadWasm(await encodeProgram(program), { build: trainBuild() });
}
