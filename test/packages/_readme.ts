/** "Use it in your project" of README.md, to be followed word by word. */
import { readmeSamples } from "../examples/readme.ts";
import type { Sample } from "../examples/readme.ts";

/** What the README says for a part (`Node`, `Cloudflare Workers`), after what is for all of them. */
export async function samplesFor(part: string): Promise<readonly Sample[]> {
  const samples = (await readmeSamples())
    .filter(({ section }) => section === "Use it in your project");
  const own = samples.filter((sample) => sample.part === part);
  if (own.length === 0) throw new Error(`README.md has nothing for ${part}`);
  return [...samples.filter((sample) => sample.part === ""), ...own];
}
