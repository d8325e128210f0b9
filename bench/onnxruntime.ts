/** onnxruntime-web (wasm, one thread) and onnxruntime-node (native, one thread) behind one face. */
// deno-lint-ignore-file no-import-prefix -- peers, wanted only here
import * as web from "npm:onnxruntime-web@1.30.0/wasm";
import * as node from "npm:onnxruntime-node@1.30.0";
import type { OnnxTensor } from "./onnx/graph.ts";

/** Versions, for the report. */
export const ORT_VERSION: string = web.env.versions.common;

/** A session that is fed the same inputs in every run. */
export interface Peer {
  run(): Promise<Record<string, { readonly data: ArrayBufferView }>>;
  release(): Promise<void>;
}

/** What a session is fed. */
export type Feeds = Readonly<Record<string, OnnxTensor>>;

web.env.wasm.numThreads = 1;
web.env.logLevel = "error";

/** Opens a model in onnxruntime-web. */
export async function openWeb(model: Uint8Array, feeds: Feeds): Promise<Peer> {
  return peer(await createWeb(model), feeds, web.Tensor);
}

/** A model in onnxruntime-web that is fed something else in every run. */
export async function openWebSession(model: Uint8Array): Promise<{
  run(feeds: Feeds): Promise<Outputs>;
  release(): Promise<void>;
}> {
  const session = await createWeb(model);
  return {
    run: (feeds) => session.run(tensorsOf(feeds, web.Tensor)) as unknown as Promise<Outputs>,
    release: () => session.release(),
  };
}

/** What a session gives, by the names of its outputs. */
export type Outputs = Record<
  string,
  { readonly data: ArrayBufferView; readonly dims: readonly number[] }
>;

function createWeb(model: Uint8Array): Promise<web.InferenceSession> {
  return web.InferenceSession.create(model, {
    executionProviders: ["wasm"],
    graphOptimizationLevel: "all",
  });
}

/** Opens a model in onnxruntime-node. */
export async function openNode(model: Uint8Array, feeds: Feeds): Promise<Peer> {
  const session = await node.InferenceSession.create(model, {
    executionProviders: ["cpu"],
    graphOptimizationLevel: "all",
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  return peer(session as unknown as web.InferenceSession, feeds, node.Tensor as typeof web.Tensor);
}

function peer(session: web.InferenceSession, feeds: Feeds, Tensor: typeof web.Tensor): Peer {
  const tensors = tensorsOf(feeds, Tensor);
  return {
    run: () => session.run(tensors) as unknown as ReturnType<Peer["run"]>,
    release: () => session.release(),
  };
}

function tensorsOf(feeds: Feeds, Tensor: typeof web.Tensor): Record<string, web.Tensor> {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { type, dims, data }]) => [
      name,
      new Tensor(type as "float32", data as Float32Array, dims),
    ]),
  );
}
