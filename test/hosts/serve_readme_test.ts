/** "Serve" of README.md: the command, and OpenAI's client for Python that asks it. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { assertShown, readmeSamples } from "../examples/readme.ts";
import { capture, missing, scratchFolder } from "./_picture.ts";

const CLIENT = "openai==3.57.0";
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

Deno.test({
  name: "README: serve, and OpenAI's client for Python",
  ignore: missing("python3"),
  fn: async () => {
    const samples = (await readmeSamples()).filter(({ section }) => section === "Serve");
    const command = samples.find(({ language }) => language === "sh")!;
    const client = samples.find(({ language }) => language === "py")!;
    using packages = scratchFolder();
    await capture("python3", ["-m", "pip", "install", "-q", "--target", packages.path, CLIENT]);
    const server = new Deno.Command("sh", {
      args: ["-c", `exec ${command.text}`],
      cwd: ROOT,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const lines = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
    try {
      const { value = "" } = await lines.read();
      assertShown(value, command);
      const env = { PYTHONPATH: packages.path, PYTHONDONTWRITEBYTECODE: "1" };
      assertShown(await capture("python3", ["-c", client.text], { env }), client);
    } finally {
      server.kill("SIGINT");
      while (!(await lines.read()).done);
    }
    assert.equal((await server.status).code, 130);
  },
});
