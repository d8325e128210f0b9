/** What README.md says for hosts without JavaScript, carried out where it says so: in `examples/hosts`. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { assertShown, readmeSamples } from "../examples/readme.ts";
import { capture } from "./_picture.ts";

/** Runs the commands for a language; what they print is what README.md shows. */
export async function followReadme(
  language: string,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const samples = (await readmeSamples()).filter(({ section, part }) =>
    section === "Use it in your project" && part === language
  );
  assert.ok(samples.length > 0, `README.md has nothing for ${language}`);
  const cwd = fileURLToPath(new URL("../../examples/hosts", import.meta.url));
  for (const sample of samples) {
    assertShown(await capture("sh", ["-ec", sample.text], { cwd, env }), sample);
  }
}
