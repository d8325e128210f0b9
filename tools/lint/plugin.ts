/** Lint rules of this house, run by `deno lint`; each says what to do. */
import { maxLines } from "./max_lines.ts";
import { portable } from "./portable.ts";
import { privateFiles } from "./private_files.ts";
import { shippedReferences } from "./shipped_references.ts";
import { walls } from "./walls.ts";

const plugin: Deno.lint.Plugin = {
  name: "fewbit",
  rules: {
    "max-lines": maxLines,
    "portable": portable,
    "private-files": privateFiles,
    "shipped-references": shippedReferences,
    "walls": walls,
  },
};

export default plugin;
