/**
 * DeiT and ViT as an ONNX model of float32, batch 1, as exporters write it; the same network as
 * src/models/deit.ts. On onnxruntime-web 1.30, DeiT-T takes the same time within 2 % with Gemm for
 * MatMul and Add, with opset 20's Gelu, and with com.microsoft's MultiHeadAttention.
 */
import type { DeiTConfig } from "../../src/models/vision_config.ts";
import { float32, weight } from "../../src/models/weights.ts";
import type { Weights } from "../../src/models/weights.ts";
import { OnnxGraph } from "./graph.ts";

/** Builds the model: input `image` `[1, channels, height, width]`, output `logits` `[1, classes]`. */
export function buildVitOnnx(config: DeiTConfig, weights: Weights): OnnxGraph {
  return new VitBuilder(config, weights).build();
}

class VitBuilder {
  readonly #graph = new OnnxGraph();
  readonly #tokens: number;

  constructor(readonly config: DeiTConfig, readonly weights: Weights) {
    this.#tokens = (config.imageSize[0] / config.patchSize) ** 2 + 1;
  }

  build(): OnnxGraph {
    const graph = this.#graph;
    const { imageSize: [side], patchSize, channels, width, depth, classes = 10 } = this.config;
    graph.inputs.push({
      name: "image",
      type: "float32",
      dims: [1, channels, side, side],
    });
    let x = graph.node(
      "Conv",
      [
        "image",
        this.#floats("patch_embed.proj.weight", [width, channels, patchSize, patchSize]),
        this.#floats("patch_embed.proj.bias", [width]),
      ],
      "patches",
      { kernel_shape: [patchSize, patchSize], strides: [patchSize, patchSize] },
    );
    x = graph.node("Reshape", [x, graph.integers("flat", [1, width, -1])], "patches_flat");
    x = graph.node("Transpose", [x], "patches_rows", { perm: [0, 2, 1] });
    const token = this.#floats("cls_token", [1, 1, width]);
    x = graph.node("Concat", [token, x], "tokens", { axis: 1 });
    x = graph.node("Add", [x, this.#floats("pos_embed", [1, this.#tokens, width])], "embedded");
    for (let i = 0; i < depth; i++) x = this.#block(x, `blocks.${i}.`);
    // Rows are independent from here on, and only the class token's is needed.
    const first = graph.integers("first", [0], []);
    x = graph.node("Gather", [x, first], "class", { axis: 1 });
    x = this.#norm(x, "norm");
    this.#linear(x, "head", width, classes, "logits");
    graph.outputs.push({ name: "logits", type: "float32", dims: [1, classes] });
    return graph;
  }

  #block(x: string, name: string): string {
    const graph = this.#graph;
    const { width, hidden } = this.config;
    let y = this.#norm(x, `${name}norm1`);
    y = this.#attention(y, `${name}attn.`);
    y = this.#linear(y, `${name}attn.proj`, width, width);
    x = graph.node("Add", [x, y], `${name}add1`);
    y = this.#norm(x, `${name}norm2`);
    y = this.#linear(y, `${name}mlp.fc1`, width, hidden);
    y = this.#gelu(y, `${name}mlp.gelu`);
    y = this.#linear(y, `${name}mlp.fc2`, hidden, width);
    return graph.node("Add", [x, y], `${name}add2`);
  }

  #attention(x: string, name: string): string {
    const graph = this.#graph;
    const { width, heads } = this.config;
    const inner = width / heads;
    const qkv = this.#linear(x, `${name}qkv`, width, 3 * width);
    const parts = this.#reshape(qkv, [1, this.#tokens, 3, heads, inner], `${name}parts`);
    const byHead = graph.node("Transpose", [parts], `${name}heads`, { perm: [2, 0, 3, 1, 4] });
    const [q, k, v] = ["q", "k", "v"].map((part, i) =>
      graph.node(
        "Gather",
        [byHead, graph.integers(`index${i}`, [i], [])],
        name + part,
        { axis: 0 },
      )
    );
    const scale = graph.floats("attention_scale", [], Float32Array.of(inner ** -0.5));
    const scaled = graph.node("Mul", [q, scale], `${name}scaled`);
    const turned = graph.node("Transpose", [k], `${name}turned`, { perm: [0, 1, 3, 2] });
    const scores = graph.node("MatMul", [scaled, turned], `${name}scores`);
    const p = graph.node("Softmax", [scores], `${name}softmax`, { axis: -1 });
    const y = graph.node("MatMul", [p, v], `${name}values`);
    const joined = graph.node("Transpose", [y], `${name}joined`, { perm: [0, 2, 1, 3] });
    return this.#reshape(joined, [1, this.#tokens, width], `${name}rows`);
  }

  #norm(x: string, name: string): string {
    const { width, epsilon } = this.config;
    const [gamma, beta] = ["weight", "bias"].map((w) => this.#floats(`${name}.${w}`, [width]));
    return this.#graph.node("LayerNormalization", [x, gamma, beta], `${name}.y`, {
      axis: -1,
      epsilon: { float: epsilon },
    });
  }

  #linear(x: string, name: string, k: number, n: number, output = `${name}.y`): string {
    const graph = this.#graph;
    const w = graph.floats(`${name}.weight`, [k, n], this.#transposed(`${name}.weight`, n, k));
    const bias = this.#floats(`${name}.bias`, [n]);
    return graph.node("Add", [graph.node("MatMul", [x, w], `${name}.product`), bias], output);
  }

  #gelu(x: string, name: string): string {
    const graph = this.#graph;
    const [root, one, half] = [Math.SQRT2, 1, 0.5].map((value, i) =>
      graph.floats(`gelu${i}`, [], Float32Array.of(value))
    );
    const erf = graph.node("Erf", [graph.node("Div", [x, root], `${name}.div`)], `${name}.erf`);
    const weighted = graph.node(
      "Mul",
      [x, graph.node("Add", [erf, one], `${name}.plus`)],
      `${name}.mul`,
    );
    return graph.node("Mul", [weighted, half], `${name}.y`);
  }

  #reshape(x: string, dims: number[], name: string): string {
    const shape = this.#graph.integers(`to_${dims.join("x")}`, dims);
    return this.#graph.node("Reshape", [x, shape], name);
  }

  #floats(name: string, dims: number[]): string {
    const tensor = weight(this.weights, name, dims);
    return this.#graph.floats(name, dims, float32(tensor, name));
  }

  #transposed(name: string, rows: number, columns: number): Float32Array {
    const source = float32(weight(this.weights, name, [rows, columns]), name);
    const turned = new Float32Array(source.length);
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) turned[c * rows + r] = source[r * columns + c];
    }
    return turned;
  }
}
