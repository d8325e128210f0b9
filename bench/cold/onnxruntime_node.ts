/** First logits of onnxruntime-node: `onnxruntime_node.ts <model.onnx> <pixels>`. */
import { finish } from "./finish.ts";
import { normalize } from "./normalize.ts";

const start = performance.now();
const [model, pixels] = Deno.args;
// deno-lint-ignore no-import-prefix -- a peer, wanted only here
const ort = await import("npm:onnxruntime-node@1.30.0");
const session = await ort.InferenceSession.create(await Deno.readFile(model), {
  intraOpNumThreads: 1,
  logSeverityLevel: 3,
});
const image = normalize(await Deno.readFile(pixels));
const { logits } = await session.run({ image: new ort.Tensor("float32", image, [1, 1, 28, 28]) });
finish(start, logits.data as Float32Array);
