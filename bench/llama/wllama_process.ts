/**
 * wllama (llama.cpp in wasm, one thread) in a process of its own: it needs globals of a browser that
 * would disturb others. Takes the path of a GGUF file; for each line on standard input it completes a
 * prompt and writes what it wrote and its own timings as a line of JSON.
 */
// deno-lint-ignore-file no-import-prefix -- a peer, wanted only here

/** Its worker must not see Deno's `process`, and reads the wasm synchronously. */
const PRELUDE = `delete globalThis.process; delete globalThis.Buffer;
globalThis.XMLHttpRequest ??= class {
  open(_method, url) { this.url = url; }
  send() {
    this.status = 200;
    this.response = Deno.readFileSync(new URL(this.url)).buffer;
    this.onload?.();
  }
};
`;

const PlainBlob = globalThis.Blob;
globalThis.Blob = class extends PlainBlob {
  constructor(parts: BlobPart[] = [], options?: BlobPropertyBag) {
    super(options?.type === "text/javascript" ? [PRELUDE, ...parts] : parts, options);
  }
};
const scope = globalThis as unknown as Record<string, unknown>;
scope.window ??= globalThis;
scope.document ??= { baseURI: import.meta.url };
Object.defineProperty(globalThis, "location", {
  value: new URL("./page.html", import.meta.url),
  configurable: true,
});

const PACKAGE = "npm:@wllama/wllama@3.8.1/esm";
const { Wllama } = await import("npm:@wllama/wllama@3.8.1/esm/index.js");
const silent = (): void => {};
const wllama = new Wllama(
  { default: import.meta.resolve(`${PACKAGE}/wasm/wllama.wasm`) },
  {
    logger: { debug: silent, log: silent, warn: silent, error: silent },
    suppressNativeLog: true,
    cacheManager: {} as never,
  },
);
await wllama.loadModel([new PlainBlob([await Deno.readFile(Deno.args[0])])], {
  n_ctx: 1024,
  n_threads: 1,
  n_batch: 512,
  n_ubatch: 512,
  ...{ n_gpu_layers: 0, warmup: false, n_parallel: 1, flash_attn: false },
});
console.log("ready");

const decoder = new TextDecoderStream();
for await (const chunk of Deno.stdin.readable.pipeThrough(decoder)) {
  for (const line of chunk.split("\n").filter((text) => text !== "")) {
    const { prompt, tokens } = JSON.parse(line);
    const options = { prompt, max_tokens: tokens, temperature: 0, ignore_eos: true };
    const result = await wllama.createCompletion(
      { ...options, n_predict: tokens, cache_prompt: false, stream: false } as never,
    );
    console.log(JSON.stringify(result));
  }
}
await wllama.exit();
