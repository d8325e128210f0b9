/** What models compile, dispatch and copy on GPUs in software. */
import { fileURLToPath } from "node:url";
import { LAVAPIPE, SWIFTSHADER } from "../test/hosts/vulkan.ts";
import { MODELS } from "../test/hosts/hashes/models.ts";
import { writeModels } from "../test/hosts/hashes/write_models.ts";
import { table } from "../tools/markdown_table.ts";

/** What a model does on a GPU. */
export interface GpuCounts {
  /** What the adapter says of itself. */
  readonly adapter: string;
  /** Compiled shaders. */
  readonly pipelines: number;
  /** Bytes of their text. */
  readonly wgslBytes: number;
  /** Dispatches of a run. */
  readonly dispatches: number;
  /** Bytes that a run writes and reads back. */
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** Of the first load, and of another one on the same device. */
  readonly coldMilliseconds: number;
  readonly secondMilliseconds: number;
  /** The slowest shader of each instruction, in milliseconds. */
  readonly kernels: Readonly<Record<string, number>>;
}

/** Counts by model and adapter. */
export type WebGpuResults = readonly { readonly model: string; readonly counts: GpuCounts }[];

/** Models of the table of hashes; those of every node are no programs that are used. */
const COUNTED = ["vit", "deit", "hgrn", "stories", "minilm"];

/** Counts all models on both drivers. */
export async function benchWebGpu(): Promise<WebGpuResults> {
  const folder = await Deno.makeTempDir();
  const models = MODELS.filter(({ name }) => COUNTED.includes(name));
  const results: { model: string; counts: GpuCounts }[] = [];
  for (const { model, file, input } of await writeModels(models, folder)) {
    for (const driver of [LAVAPIPE, SWIFTSHADER]) {
      if (driver === undefined) throw new Error("Install mesa-vulkan-drivers and chromium");
      const counts = await countsOn(driver, model.kind, file, input);
      results.push({ model: Object.values(model.rows)[0], counts });
    }
  }
  await Deno.remove(folder, { recursive: true });
  return results;
}

/** Counts of a model in a process of its own, on a driver of Vulkan. */
async function countsOn(driver: string, ...model: readonly string[]): Promise<GpuCounts> {
  const script = fileURLToPath(new URL("webgpu_process.ts", import.meta.url));
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", script, ...model],
    env: { VK_ICD_FILENAMES: driver },
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`Cannot count ${model.join(" ")} on ${driver}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Both tables. */
export function reportWebGpu(results: WebGpuResults): string {
  const adapterOf = ({ adapter }: GpuCounts): string => adapter.split(" ")[0];
  const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(2);
  const rows = results.map(({ model, counts }) => [
    model.replace(/:.*/, ""),
    adapterOf(counts),
    ...[counts.pipelines, counts.wgslBytes, counts.dispatches, counts.bytesUp, counts.bytesDown]
      .map(String),
    seconds(counts.coldMilliseconds),
    seconds(counts.secondMilliseconds),
  ]);
  const adapters = [...new Set(results.map(({ counts }) => adapterOf(counts)))];
  const slowest = (name: string, adapter: string): number =>
    Math.max(
      ...results.filter(({ counts }) => adapterOf(counts) === adapter)
        .map(({ counts }) => counts.kernels[name] ?? 0),
    );
  const names = [...new Set(results.flatMap(({ counts }) => Object.keys(counts.kernels)))].sort();
  return [
    table([
      ...["model", "adapter", "pipelines", "WGSL bytes", "dispatches", "bytes up", "bytes down"],
      ...["first load s", "second load s"],
    ], rows),
    "Seconds to compile the slowest shader of each instruction:",
    table(
      ["instruction", ...adapters],
      names.map((name) => [name, ...adapters.map((adapter) => seconds(slowest(name, adapter)))]),
    ),
  ].join("\n\n");
}
