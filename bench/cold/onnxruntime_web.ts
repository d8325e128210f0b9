/** First logits of onnxruntime-web: `onnxruntime_web.ts <model.onnx> <pixels>`. */
import { finish } from "./finish.ts";
import { normalize } from "./normalize.ts";

const start = performance.now();
const [model, pixels] = Deno.args;
// deno-lint-ignore no-import-prefix -- a peer, wanted only here
const ort = await import("npm:onnxruntime-web@1.30.0/wasm");
ort.env.wasm.numThreads = 1;
ort.env.logLevel = "error";
const session = await ort.InferenceSession.create(await Deno.readFile(model));
const image = normalize(await Deno.readFile(pixels));
const { logits } = await session.run({ image: new ort.Tensor(image, [1, 1, 28, 28]) });
finish(start, logits.data as Float32Array);
