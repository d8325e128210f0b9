/** Bundling an example for hosts that take JavaScript only: browsers and workerd. */
// deno-lint-ignore no-import-prefix -- its version is written here only
import { build, type Plugin, stop } from "npm:esbuild@0.28.2";

export type { Plugin };

/** Options of {@linkcode bundleModule}. */
export interface BundleOptions {
  /** A line at the beginning. */
  readonly banner?: string;
  /** For Node: its own modules are left out. */
  readonly node?: boolean;
  /** What to do with imports that esbuild does not know. */
  readonly plugins?: readonly Plugin[];
}

/** An entry and all it imports as one module. */
export async function bundleModule(
  entry: URL,
  { banner, node = false, plugins = [] }: BundleOptions = {},
): Promise<string> {
  try {
    const { outputFiles } = await build({
      entryPoints: [entry.pathname],
      bundle: true,
      format: "esm",
      target: "es2022",
      supported: { "using": false },
      minify: true,
      write: false,
      platform: node ? "node" : "browser",
      plugins: [...plugins],
      ...banner !== undefined && { banner: { js: banner } },
    });
    return outputFiles[0].text;
  } finally {
    await stop();
  }
}
