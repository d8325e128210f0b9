import { load } from "runtime.js";
import model from "model.fewbit";
import pixels from "pixels.bin";

/** Classifies one picture in workerd and answers with the hash of the logits. */
export default {
  async fetch() {
    const instance = await load(new Uint8Array(model));
    const { logits } = await instance.run({ pixels: new Uint8Array(pixels) });
    const digest = await crypto.subtle.digest("SHA-256", logits.data);
    const hash = Array.from(new Uint8Array(digest), (b) => b.toString(16).padStart(2, "0")).join(
      "",
    );
    return Response.json({ engine: instance.engine, hash });
  },
};
