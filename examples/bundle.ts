/** Bundling an example for hosts that take JavaScript only: browsers and workerd. */
import { build, stop } from "esbuild";

/** An entry and all it imports as one module. */
export async function bundleModule(entry: URL, external: readonly string[] = []): Promise<string> {
  try {
    const { outputFiles } = await build({
      entryPoints: [entry.pathname],
      bundle: true,
      format: "esm",
      target: "es2022",
      supported: { "using": false },
      minify: true,
      write: false,
      external: [...external],
    });
    return outputFiles[0].text;
  } finally {
    await stop();
  }
}
