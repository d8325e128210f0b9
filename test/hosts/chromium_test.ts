import assert from "node:assert/strict";
import { expectDots } from "./_expect_dots.ts";
import { hashOn, MODEL, pixels } from "./_picture.ts";
import { CHROMIUM_TEST, withTitle } from "./_chromium.ts";
import { expectedStories, STORIES } from "./_expected_stories.ts";
import { GREEDY, LANGUAGE_MODEL, PROMPT } from "./_prompt.ts";

const PAGE = `<!doctype html><title>fewbit</title><script type="module">
import { load } from "./runtime.js";
import { greedy } from "./greedy.js";
import { dotsOf } from "./dots.js";
import { storiesOf } from "./stories.js";
const bytes = async (path) => new Uint8Array(await (await fetch(path)).arrayBuffer());
try {
  const image = await load(await fetch("./classifier.fewbit"));
  const { logits } = await image.run({ pixels: await bytes("./pixels.bin") });
  const digest = await crypto.subtle.digest("SHA-256", logits.data);
  const hash = Array.from(new Uint8Array(digest), (b) => b.toString(16).padStart(2, "0")).join("");
  const text = await load(await fetch("./language_model.fewbit"));
  const ids = await greedy(text, ${JSON.stringify(PROMPT)}, ${GREEDY.length});
  const dots = await dotsOf(load, await bytes("./classifier.fewbit"), await bytes("./pixels.bin"));
  const stories = await storiesOf(load, await bytes("./stories.fewbit"));
  document.title = JSON.stringify({ hash, ids, stories, dots });
} catch (error) {
  document.title = JSON.stringify(error.message);
}
</script>`;

/** Files that the page fetches, by path. */
function served(): Record<string, () => Response> {
  const script = (path: string) => (): Response =>
    new Response(Deno.readFileSync(new URL(path, import.meta.url)), {
      headers: { "content-type": "text/javascript" },
    });
  return {
    "/": () => new Response(PAGE, { headers: { "content-type": "text/html" } }),
    "/runtime.js": script("../../dist/runtime.js"),
    "/greedy.js": script("./_greedy.js"),
    "/dots.js": script("./_dots.js"),
    "/stories.js": script("./_stories.js"),
    "/stories.fewbit": () => new Response(Deno.readFileSync(STORIES)),
    "/classifier.fewbit": () => new Response(Deno.readFileSync(MODEL)),
    "/pixels.bin": () => new Response(pixels() as Uint8Array<ArrayBuffer>),
    "/language_model.fewbit": () => new Response(Deno.readFileSync(LANGUAGE_MODEL)),
  };
}

Deno.test({
  name: "hosts: Chromium gives the same logits and ids",
  ...CHROMIUM_TEST,
  fn: async () => {
    await withTitle(served(), 20_000, async (title) => {
      const { dots, stories, ...answer } = JSON.parse(title);
      assert.deepEqual(stories, await expectedStories());
      assert.deepEqual(answer, { hash: await hashOn("wasm-simd"), ids: GREEDY });
      await expectDots("Chromium", dots);
    });
  },
});
