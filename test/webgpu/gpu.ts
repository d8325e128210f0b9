/** Whether this host has an adapter: a software one will do. `.ci/run` installs lavapipe. */
const adapter = await navigator.gpu?.requestAdapter();

if (adapter === null || adapter === undefined) {
  if (Deno.env.get("CI") === "true") throw new Error("No adapter: install mesa-vulkan-drivers");
  console.log("skipped: tests on a GPU, there is no adapter");
}

/** What all tests on a GPU have in common: the device outlives a test. */
export const GPU_TEST: Pick<Deno.TestDefinition, "ignore" | "sanitizeOps" | "sanitizeResources"> = {
  ignore: !adapter,
  sanitizeOps: false,
  sanitizeResources: false,
};
