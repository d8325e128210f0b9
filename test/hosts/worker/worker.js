import { load } from "runtime.js";
import { greedy } from "greedy.js";
import classifier from "classifier.fewbit";
import languageModel from "language_model.fewbit";
import pixels from "pixels.bin";

/** In workerd: classifies one picture and continues a prompt; answers with the hash of the logits and the ids. */
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
    return Response.json({ hash, ids: await greedy(text, prompt, count) });
  },
};
