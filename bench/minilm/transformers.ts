/**
 * First embedding with transformers.js, which takes onnxruntime-node in Deno:
 * `transformers.ts FOLDER TEXT`, where FOLDER/minilm is laid out as on the hub.
 */
// deno-lint-ignore-file no-import-prefix -- a peer, wanted only here
const start = performance.now();
const { env, pipeline } = await import("npm:@huggingface/transformers@4.3.1");
const { finish } = await import("./finish.ts");
const [folder, text] = Deno.args;
env.allowRemoteModels = false;
env.localModelPath = folder;
const extract = await pipeline("feature-extraction", "minilm", { dtype: "q8", device: "cpu" });
const { data } = await extract(text, { pooling: "mean", normalize: true });
finish(start, data as Float32Array);
