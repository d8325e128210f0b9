/**
 * The parts of the tree that have a `deno.json` and a `deno.lock` of their own, so that whoever uses one
 * gets no packages of another. `deno run` finds that of a file; `deno test` and `deno check` are told.
 */
export const PROJECTS: readonly { readonly config: string; readonly sources: readonly string[] }[] =
  [
    { config: "deno.json", sources: ["mod.ts", "cli.ts", "src"] },
    ...["examples", "tools", "test", "test/golden", "test/hosts", "test/packages", "bench"].map((
      folder,
    ) => ({
      config: `${folder}/deno.json`,
      sources: [folder],
    })),
  ];
