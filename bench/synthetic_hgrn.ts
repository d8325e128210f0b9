/**
 * Writes a checkpoint of a MatMul-free language model with random weights, in the size and layout of the
 * published ones: speed and memory do not depend on what a model has learnt.
 *
 *     deno run -A bench/synthetic_hgrn.ts --out DIR [--config 370m|1.3b|2.7b] [--seed N]
 *
 * The weights are bfloat16 and are streamed to disk: 748 MB for 370m. There is no tokenizer.
 */
import { parseArgs } from "node:util";
import { FewbitError } from "../src/errors.ts";
import { hgrnBitConfig } from "../src/models/hgrn_bit_config.ts";

/** Channels and layers of the published models; the rest of their configs is the same. */
const SIZES: Readonly<Record<string, readonly [width: number, depth: number]>> = {
  "370m": [1024, 24],
  "1.3b": [2048, 24],
  "2.7b": [2560, 32],
};
const VOCABULARY = 32_000;
/** Values drawn ahead; a weight is one of them. */
const TABLE = 65_536;
const CHUNK_VALUES = 1 << 20;

/** Name, extents, mean and standard deviation. */
type Entry = readonly [name: string, shape: readonly number[], mean: number, deviation: number];

function configOf(width: number, depth: number): Record<string, unknown> {
  return {
    architectures: ["HGRNBitForCausalLM"],
    model_type: "hgrn_bit",
    attn_mode: "fused_recurrent",
    vocab_size: VOCABULARY,
    hidden_size: width,
    num_hidden_layers: depth,
    num_heads: 1,
    expand_ratio: 1,
    hidden_ratio: 4,
    intermediate_size: null,
    hidden_act: "swish",
    use_lower_bound: true,
    use_short_conv: false,
    conv_size: 4,
    share_conv_kernel: true,
    rms_norm_eps: 1e-6,
    initializer_range: 0.02,
    max_position_embeddings: 2048,
    bos_token_id: 1,
    eos_token_id: 2,
    tie_word_embeddings: false,
    torch_dtype: "bfloat16",
  };
}

/** The tensors of a model, initialised as before training, the norms a little apart from 1. */
function layoutOf(width: number, depth: number, hidden: number): Entry[] {
  const norm = (name: string, size: number): Entry => [`${name}.weight`, [size], 1, 0.1];
  const linear = (name: string, n: number, k: number): Entry[] => [
    [`${name}.weight`, [n, k], 0, 0.02],
    norm(`${name}.norm`, k),
  ];
  return [
    ["model.embeddings.weight", [VOCABULARY, width], 0, 0.02],
    ["model.lower_bounds", [depth, width], 0, 0.5],
    ...Array.from({ length: depth }, (_, l) => `model.layers.${l}`).flatMap((at) => [
      norm(`${at}.attn_norm`, width),
      ...["i", "f", "g"].flatMap((x) => linear(`${at}.attn.${x}_proj`, width, width)),
      norm(`${at}.attn.g_norm`, width),
      ...linear(`${at}.attn.o_proj`, width, width),
      norm(`${at}.mlp_norm`, width),
      ...linear(`${at}.mlp.gate_proj`, 2 * hidden, width),
      ...linear(`${at}.mlp.down_proj`, width, hidden),
    ]),
    norm("model.norm", width),
    ...linear("lm_head", VOCABULARY, width),
  ];
}

function countOf([, shape]: Entry): number {
  return shape.reduce((a, b) => a * b);
}

/** Uniform 32-bit numbers (xorshift). */
function generator(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Normal values as bfloat16, rounded to the nearest. */
function normalTable(next: () => number, mean: number, deviation: number): Uint16Array {
  const values = Float32Array.from({ length: TABLE }, () => {
    const radius = Math.sqrt(-2 * Math.log((next() + 1) / 2 ** 32));
    return mean + deviation * radius * Math.cos(2 * Math.PI * next() / 2 ** 32);
  });
  return Uint16Array.from(
    new Uint32Array(values.buffer),
    (bits) => bits + 0x7FFF + (bits >>> 16 & 1) >>> 16,
  );
}

function header(layout: readonly Entry[]): Uint8Array {
  let at = 0;
  const entries = layout.map((entry) => {
    const begin = at;
    at += 2 * countOf(entry);
    return [entry[0], { dtype: "BF16", shape: entry[1], data_offsets: [begin, at] }];
  });
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const bytes = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(bytes.length - 8), true);
  bytes.set(json, 8);
  return bytes;
}

async function writeTensors(path: string, layout: readonly Entry[], seed: number): Promise<void> {
  const next = generator(seed);
  const tables = new Map<string, Uint16Array>();
  using file = await Deno.create(path);
  const writer = file.writable.getWriter();
  await writer.write(header(layout));
  for (const entry of layout) {
    const [, , mean, deviation] = entry;
    const key = `${mean}|${deviation}`;
    const table = tables.get(key) ?? normalTable(next, mean, deviation);
    tables.set(key, table);
    for (let left = countOf(entry); left > 0; left -= CHUNK_VALUES) {
      const chunk = new Uint16Array(Math.min(left, CHUNK_VALUES));
      for (let i = 0; i < chunk.length; i++) chunk[i] = table[next() >>> 16];
      await writer.write(new Uint8Array(chunk.buffer));
    }
  }
  await writer.close();
}

if (import.meta.main) {
  const { out, config: size, seed } = parseArgs({
    options: {
      out: { type: "string" },
      config: { type: "string", default: "370m" },
      seed: { type: "string", default: "1" },
    },
  }).values;
  if (out === undefined || !Object.hasOwn(SIZES, size) || !/^\d+$/.test(seed)) {
    throw new FewbitError(
      "invalid_argument",
      `Usage: --out DIR --config ${Object.keys(SIZES).join("|")} --seed N`,
    );
  }
  const config = configOf(...SIZES[size]);
  const { width, depth, hidden } = hgrnBitConfig(config);
  const layout = layoutOf(width, depth, hidden);
  await Deno.mkdir(out, { recursive: true });
  await Deno.writeTextFile(`${out}/config.json`, JSON.stringify(config, null, 1));
  await writeTensors(`${out}/model.safetensors`, layout, Number(seed));
  const parameters = layout.reduce((sum, entry) => sum + countOf(entry), 0);
  console.log(`${out}: ${parameters} parameters in ${layout.length} tensors`);
}
