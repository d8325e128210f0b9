/** First embedding with TextEmbedder: `embedder.ts MODEL.fewbit TEXT`. */
const start = performance.now();
const { TextEmbedder } = await import("../../src/pipelines/embedding/text_embedder.ts");
const { finish } = await import("./finish.ts");
const [model, text] = Deno.args;
using embedder = await TextEmbedder.fromPretrained(model);
finish(start, (await embedder.embed(text)).rows[0]);
