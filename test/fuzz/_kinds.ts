import { checkpointKinds } from "./_checkpoint_kinds.ts";
import { encoderKind } from "./_encoder_kind.ts";
import { fileKinds } from "./_file_kinds.ts";
import { ggufKinds } from "./_gguf_kinds.ts";
import { imageKinds } from "./_image_kinds.ts";
import type { Kind } from "./_kind.ts";
import { llamaKinds } from "./_llama_kinds.ts";
import { metadataKind } from "./_metadata_kind.ts";
import { programKind } from "./_program_kind.ts";
import { programSeeds } from "./_program_seeds.ts";
import { savedKinds } from "./_saved_kinds.ts";

/** Everything that is fuzzed. */
export async function fuzzKinds(): Promise<Kind[]> {
  const seeds = await programSeeds();
  return [
    programKind(seeds),
    metadataKind(seeds),
    await encoderKind(),
    ...await checkpointKinds(),
    ...await ggufKinds(),
    ...await imageKinds(),
    ...await fileKinds(),
    ...await savedKinds(),
    ...await llamaKinds(),
  ];
}
