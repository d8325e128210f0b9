/** Packages by the names that Node and bundlers know them by. */
import type { Plugin } from "../examples/bundle.ts";

/** A plugin of esbuild that leaves `npm:commander@15.1.0` out of the bundle, as `commander`. */
export const bareNames: Plugin = {
  name: "bare names",
  setup(build) {
    build.onResolve({ filter: /^npm:/ }, ({ path }) => ({ path: bareName(path), external: true }));
  },
};

/** What a package is called without its version: `npm:@a/b@1.2.3/c` is `@a/b/c`. */
export function bareName(specifier: string): string {
  return specifier.replace(/^npm:\/?/, "").replace(/(?<=.)@[^/]*/, "");
}
