/** First logits of a revision's `./runtime`: `cold.ts <runtime module> <model>`. */
import { startClocks } from "./sample.ts";

const clocks = startClocks();
const [runtime, model] = Deno.args;
const { load } = await import(`file://${runtime}`);
using instance = await load(await Deno.readFile(model));
await instance.run({ pixels: new Uint8Array(28 * 28) });
console.log(JSON.stringify(clocks()));
