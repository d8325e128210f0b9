/** How samples are found in README.md, and compared. */
import assert from "node:assert/strict";
import { assertShown, samplesOf } from "./readme.ts";

const TEXT = `# Title

\`\`\`sh
one
\`\`\`

\`\`\`text
1 (in … ms)
two
\`\`\`

## A section

**Node**, from 20 on:

\`\`\`js ignore
// main.mjs
two
\`\`\`

Words between.

\`\`\`text
no output of that
\`\`\`
`;

Deno.test("README: samples have their section, part, file, and what stands right behind them", () => {
  assert.deepEqual(samplesOf(TEXT), [
    { section: "", part: "", language: "sh", text: "one\n", output: "1 (in … ms)\ntwo\n" },
    {
      section: "A section",
      part: "Node",
      language: "js",
      text: "// main.mjs\ntwo\n",
      file: "main.mjs",
    },
    { section: "A section", part: "Node", language: "text", text: "no output of that\n" },
  ]);
});

Deno.test("README: what is printed is what is shown, but for the dots", () => {
  const [sample, without] = samplesOf(TEXT);
  for (const good of ["1 (in 5.2 ms)\ntwo", "1 (in  ms) \ntwo\n\n"]) assertShown(good, sample);
  for (
    const bad of [
      "",
      "1 (in 5 ms)",
      "1 (in 5 ms)\ntwo\nthree",
      "11 (in 5 ms)\ntwo",
      "1 in 5 ms\ntwo",
    ]
  ) {
    assert.throws(() => assertShown(bad, sample), /README\.md/, bad);
  }
  assert.throws(() => assertShown("two", without), /no output behind/);
});
