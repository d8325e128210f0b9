import { load } from "runtime.js";
import { greedy } from "greedy.js";
import { dotsOf } from "dots.js";
import { storiesOf } from "stories.js";
import classifier from "classifier.fewbit";
import languageModel from "language_model.fewbit";
import stories from "stories.fewbit";
import pixels from "pixels.bin";

/** In workerd: classifies one picture and continues a prompt; answers with the hash of the logits, the ids and its dot product. */
export default {
  async fetch(request) {
    const [prompt, count] = await request.json();
    const image = await load(new Uint8Array(classifier));
    const { logits } = await image.run({ pixels: new Uint8Array(pixels) });
    const digest = await crypto.subtle.digest("SHA-256", logits.data);
    const hash = Array.from(new Uint8Array(digest), (b) => b.toString(16).padStart(2, "0")).join(
      "",
    );
    const text = await load(new Uint8Array(languageModel));
    const ids = await greedy(text, prompt, count);
    return Response.json({
      hash,
      ids,
      stories: await storiesOf(load, new Uint8Array(stories)),
      dots: await dotsOf(load, new Uint8Array(classifier), new Uint8Array(pixels)),
    });
  },
};
