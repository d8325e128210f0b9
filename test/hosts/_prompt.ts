/** The language model, the prompt that every host continues, and the ids that every host must give. */

export { GREEDY, PROMPT } from "./ids.ts";

/** The shipped language model. */
export const LANGUAGE_MODEL: URL = new URL(
  "../../models/hgrn-shakespeare.fewbit",
  import.meta.url,
);
