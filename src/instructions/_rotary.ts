/** What turns in rotary embeddings: two channels next to each other. */
import type { AttributeSpec } from "./_define.ts";

/** Channels of a pair, so that rules can say that a head of H pairs has 2·H channels. */
export const PAIR: AttributeSpec = { name: "pair", min: 2, max: 2 };
