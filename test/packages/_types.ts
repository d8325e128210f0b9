/** The declarations, checked by the oldest and the newest TypeScript that is promised, with all of them read. */
import { newProject } from "./_project.ts";
import type { Registry } from "./_registry.ts";
import { report } from "./_report.ts";

const COMPILERS = ["5.4.5", "6.0.3"];

/** How modules are found, and what `module` goes with it. */
const RESOLUTIONS = { node16: "node16", nodenext: "nodenext", bundler: "esnext" } as const;

const PROGRAM = `
import { compile, Graph, ImageClassifier, load, ops, TextEmbedder, TextGenerator, writeNpy } from "@fewbit/fewbit";
import type { Tensor } from "@fewbit/fewbit";
import { fromModule, load as loadProgram } from "@fewbit/fewbit/runtime";
import { loadEmbedder } from "@fewbit/fewbit/embedder";
import { loadGenerator } from "@fewbit/fewbit/generator";
import type { GenerationModel } from "@fewbit/fewbit/generator";
import { textServer } from "@fewbit/fewbit/server";
import { arrayData, crossEntropy, Graph as TrainedGraph, NodeBuilder, Trainer } from "@fewbit/fewbit/train";
import { load as loadOnGpu } from "@fewbit/fewbit/webgpu";
import wasm from "@fewbit/fewbit/fewbit.simd.wasm";
import plays from "@fewbit/models/hgrn-bit-shakespeare";

export async function everything(bytes: Uint8Array): Promise<string> {
  using classifier = await ImageClassifier.fromPretrained(bytes, { engine: "wasm-simd" });
  const { label } = await classifier.classify(new Blob(["picture"]));
  const lm: GenerationModel = await loadGenerator(await fetch(plays), { sessions: 2 });
  using session = lm.session();
  // What is saved lies in an ArrayBuffer, as these want it.
  await crypto.subtle.digest("SHA-256", await session.save());
  for await (const { text } of session.generate("x", { seed: 1 })) console.log(text);
  new Blob([writeNpy({ dtype: "f32", shape: [1], data: Float32Array.of(1) })]);
  using embedder = await loadEmbedder(bytes);
  const { rows } = await embedder.embed(["a"]);
  const first: number = rows[0]![0]!;
  const { rows: codes } = await embedder.embed("a", { format: "int8" });
  const row: Int8Array = codes[0]!;
  const graph = new Graph();
  const x = graph.input("x", "f32", [graph.symbol("batch", 64), 2]);
  graph.output("y", graph.apply(ops.gelu, { x }));
  using instance = await load(compile(graph));
  const { y } = await instance.run({ x: Float32Array.of(1, -1) });
  const tensor: Tensor | undefined = y;
  await loadProgram(bytes, { engine: fromModule(wasm) });
  using generator: Disposable = await TextGenerator.fromPretrained(plays);
  using texts = await TextEmbedder.fromPretrained("folder");
  const server = textServer(() => Promise.resolve(lm), { model: "plays" });
  const { status }: Response = await server.fetch(new Request("https://localhost/v1/models"));
  return [label, first, row, tensor, generator, texts.name, status].join();
}
export async function pictures(
  model: ImageClassifier,
  all: readonly [HTMLCanvasElement, OffscreenCanvas, ImageData],
): Promise<void> {
  for (const picture of all) await model.classify(picture);
  await model.classify({ width: 1, height: 1, data: new Uint8ClampedArray(4) });
}
export async function onGpu(bytes: Uint8Array): Promise<string> {
  using instance = await loadOnGpu(bytes, { powerPreference: "low-power" });
  const fork: Disposable = instance.fork();
  fork[Symbol.dispose]();
  return instance.adapterInfo?.description ?? instance.engine;
}
export async function training(): Promise<Uint8Array> {
  const graph = new TrainedGraph();
  const x = graph.input("x", "f32", [2, 4]);
  const labels = graph.input("labels", "i32", [2], { check: "below", limit: 3 });
  const w = graph.parameter("w", { dtype: "f32", shape: [3, 4], data: new Float32Array(12) });
  const logits = graph.apply(ops.linear, { x, weight: w });
  const loss = crossEntropy(new NodeBuilder(graph), logits, labels);
  using trainer = await Trainer.load(graph, { loss, rate: 0.1, optimizer: { kind: "adamw" } });
  const data = arrayData({ x: new Float32Array(8), labels: new Int32Array(2) }, 2);
  for await (const step of trainer.fit(data, { epochs: 2 })) console.log(step.loss.toFixed(3));
  return await trainer.save();
}
// @ts-expect-error -- a number is no model
void ImageClassifier.fromPretrained(3);
// @ts-expect-error -- not one of the engines
void loadProgram(new Uint8Array(1), { engine: "gpu" });
`;

/** Checks a program that uses all entries. */
export async function checkTypes(registry: Registry): Promise<void> {
  using project = await newProject(registry);
  await project.write("main.ts", PROGRAM);
  const compilers = COMPILERS.map((version) => `ts${version}@npm:typescript@${version}`);
  await project.shell(`npm install @fewbit/fewbit @fewbit/models ${compilers.join(" ")}`);
  for (const version of COMPILERS) {
    for (const [moduleResolution, module] of Object.entries(RESOLUTIONS)) {
      const compilerOptions = {
        ...{ module, moduleResolution, target: "es2022", lib: ["es2022", "dom", "dom.iterable"] },
        ...{ types: [], strict: true, exactOptionalPropertyTypes: true, noEmit: true },
        ...{ noUncheckedIndexedAccess: true, allowArbitraryExtensions: true, skipLibCheck: false },
      };
      await project.write("tsconfig.json", JSON.stringify({ compilerOptions, files: ["main.ts"] }));
      await project.shell(`node node_modules/ts${version}/bin/tsc -p .`);
      report(`TypeScript ${version}, ${moduleResolution}`, "no errors, libraries checked");
    }
  }
}
