/** First embedding with onnxruntime-web, of token ids: `onnxruntime_web.ts MODEL.onnx ID…`. */
// deno-lint-ignore-file no-import-prefix -- a peer, wanted only here
const start = performance.now();
const ort = await import("npm:onnxruntime-web@1.30.0/wasm");
const { finish } = await import("./finish.ts");
ort.env.wasm.numThreads = 1;
ort.env.logLevel = "error";
const [model, ...ids] = Deno.args;
const session = await ort.InferenceSession.create(await Deno.readFile(model), {
  executionProviders: ["wasm"],
});
const tensor = (values: readonly (string | number)[]) =>
  new ort.Tensor("int64", BigInt64Array.from(values.map(BigInt)), [1, values.length]);
const outputs = await session.run({
  input_ids: tensor(ids),
  attention_mask: tensor(ids.map(() => 1)),
  token_type_ids: tensor(ids.map(() => 0)),
});
// The other output is that of BERT's pooler, which sentence embeddings do not use.
const hidden = Object.values(outputs).find(({ dims }) => dims.length === 3)!;
const data = hidden.data as Float32Array;
const width = data.length / ids.length;
const sums = new Float32Array(width);
data.forEach((value, i) => sums[i % width] += value);
const norm = Math.hypot(...sums);
finish(start, sums.map((value) => value / norm));
