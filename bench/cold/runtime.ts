/** First logits of `./runtime`: `runtime.ts <model.fewbit> <pixels>`. */
import { finish } from "./finish.ts";

const start = performance.now();
const [model, pixels] = Deno.args;
const { load } = await import("../../src/runtime.ts");
const instance = await load(await Deno.readFile(model));
const { logits } = await instance.run({ pixels: await Deno.readFile(pixels) });
finish(start, logits.data as Float32Array);
