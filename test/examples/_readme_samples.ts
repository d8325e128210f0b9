/** Runs the samples of README.md that need the repository and what ships with it. */
import { assertShown, readmeSamples } from "./readme.ts";
import type { Sample } from "./readme.ts";

const root = new URL("../../", import.meta.url);

/** Sections whose samples run here; of servers those that end. */
const SECTIONS = ["", "Use it", "Serve"];

/** Runs them in a folder that has the files that they name; compares what they print. */
export async function runReadmeSamples(folder: string): Promise<number> {
  const samples = (await readmeSamples()).filter(({ section, language }) =>
    SECTIONS.includes(section) && (section !== "Serve" || language === "ts")
  );
  for (const sample of samples) {
    assertShown(await (sample.language === "sh" ? shell(sample) : module(sample, folder)), sample);
  }
  return samples.length;
}

/** Commands, in the repository. */
async function shell({ text }: Sample): Promise<string> {
  return await printed("sh", ["-ec", text], root.pathname);
}

/** A module, whose imports are those of a file beside README.md. */
async function module({ text }: Sample, folder: string): Promise<string> {
  const path = `${folder}/sample.ts`;
  await Deno.writeTextFile(path, text.replaceAll(/ from "\.\//g, ` from "${root.href}`));
  const network = new URL("test/examples/_network.ts", root).pathname;
  const config = new URL("deno.json", root).pathname;
  const args = ["run", "--quiet", "-A", "--config", config, "--preload", network, path];
  return await printed(Deno.execPath(), args, folder);
}

async function printed(command: string, args: string[], cwd: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args,
    cwd,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  if (!success) throw new Error(`${args.join(" ")}: ${text(stderr)}`);
  return text(stdout);
}
