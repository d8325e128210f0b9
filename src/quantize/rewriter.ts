/**
 * Rewrites a float32 graph into one of integers only, a rule for each op (`rules/`). Methods differ in
 * their sites and in a few settings. Scales are not known here: what follows from them are derived
 * constants, which calibration or a checkpoint settles.
 */
import { FewbitError } from "../errors.ts";
import { atOnce } from "../event_loop.ts";
import type { Steps } from "../event_loop.ts";
import type { Graph, Node, Value } from "../graph/graph.ts";
import type { OpName } from "../graph/op_names.ts";
import { nodesOf, producersOf } from "../graph/traversal.ts";
import type { Tensor } from "../tensor.ts";
import { IntegerBuilder } from "./integer_builder.ts";
import type { Codes, Raw } from "./integer_builder.ts";
import { countOf, sliceOf } from "./integer_network.ts";
import type { IntegerNetwork } from "./integer_network.ts";
import type { IntegerParameters } from "./integer_parameters.ts";
import type { DecoderSettings } from "./decoder_settings.ts";
import { checkSites } from "./_check_sites.ts";
import { SiteTable } from "./sites.ts";
import type { Reader, Site, SiteOf } from "./sites.ts";
import { quantizeInput } from "./rules/input.ts";
import type { AnyIntegerRule } from "./rules/rule.ts";
import { REWRITE_RULES } from "./rules/mod.ts";

/** A method of quantisation. */
export interface Method {
  /** For messages. */
  readonly name: string;
  /** Its sites. */
  readonly siteOf: SiteOf;
  /** Bits of the weights. */
  readonly weightBits: 7 | 8;
  /** Integer weights, biases and norms. */
  readonly parameters: IntegerParameters;
  /** `shift`: the approximations of I-ViT. `table`: exact functions, tabulated. */
  readonly nonlinear: "shift" | "table";
  /** Adds an output: `codes` are on the site of the output, or the sums that an op gave. */
  output(graph: Graph, name: string, codes: Codes, builder: IntegerBuilder, entry: string): void;
  /** Settings for ragged batches of texts. */
  readonly text?: TextSettings;
  /** Settings for language models with attention. */
  readonly decoder?: DecoderSettings;
  /** Rules of its own, by op, where it differs from other methods. */
  readonly rules?: Readonly<Record<string, AnyIntegerRule>>;
}

/** What text encoders have besides. */
export interface TextSettings {
  /** Bits of the token table, each row with a scale, or each 32 columns with a factor. */
  readonly tableBits: 4 | 8;
  /** Longer texts are cut: later positions need no codes. */
  readonly maxTokens: number;
  /** The site of the scores within an attention, by the name of its result. */
  scores(context: string): Site;
  /** One text at a time, with scores and softmax as nodes of their own. */
  readonly single: boolean;
}

/** An entry of the float graph and what becomes of it. */
export interface EntryRewrite {
  /** Entry of the float graph. */
  readonly from: string;
  /** Its name in the integer graph. */
  readonly to: string;
  /** For images as bytes: the float32 value of each byte `[channels, 256]`. */
  readonly pixelTable?: Float32Array | undefined;
}

/**
 * Rewrites entries of a float32 graph.
 *
 * @throws {FewbitError} `unsupported` where the graph has an op that the method has no integers for.
 */
export function rewriteIntegers(
  source: Graph,
  method: Method,
  entries: readonly EntryRewrite[],
): IntegerNetwork {
  return atOnce(integerSteps(source, method, entries));
}

/** As {@linkcode rewriteIntegers}, a step for each node. */
export function* integerSteps(
  source: Graph,
  method: Method,
  entries: readonly EntryRewrite[],
): Steps<IntegerNetwork> {
  const rewriter = new IntegerRewriter(source, method);
  for (const entry of entries) yield* rewriter.rewrite(entry);
  const { graph, sites, taps, readers } = rewriter.builder;
  const computed = [...sites.values()];
  return {
    graph,
    sites: computed,
    readers,
    taps: new Map([...computed.map(({ site, output }) => [site.name, output] as const), ...taps]),
  };
}

/** Sums as an op gives them, in {@linkcode IntegerRewriter}'s codes of a value. */
const RAW = "";

/** The integer graph so far, and the codes of each value of the float graph. */
export class IntegerRewriter {
  readonly builder: IntegerBuilder = new IntegerBuilder();
  /** The integer graph. */
  readonly graph: Graph = this.builder.graph;
  readonly #producers: Map<number, Node>;
  #codes: Map<number, Map<string, Codes>> = new Map();
  #integers: Map<number, Value> = new Map();
  #table: SiteTable;
  #entry: EntryRewrite = { from: "", to: "" };
  readonly #layers: Map<string, Node["outputs"]> = new Map();

  constructor(readonly source: Graph, readonly method: Method) {
    this.#producers = producersOf(source);
    this.#table = new SiteTable(source, [], method.siteOf);
    for (const symbol of source.symbols.values()) this.graph.symbols.set(symbol.name, symbol);
  }

  /** Rewrites what the outputs of an entry need, node by node. */
  *rewrite(entry: EntryRewrite): Steps<void> {
    const { builder, source, method } = this;
    this.#codes = new Map();
    this.#integers = new Map();
    builder.sites.clear();
    builder.taps.clear();
    builder.readers.clear();
    this.#entry = entry;
    const outputs = source.outputs.filter((output) => output.entry === entry.from);
    this.#table = new SiteTable(source, outputs, method.siteOf);
    checkSites(this.#table.placed);
    for (const input of source.inputs) quantizeInput(this, input);
    const rules: Readonly<Record<string, AnyIntegerRule>> = { ...REWRITE_RULES, ...method.rules };
    for (const node of nodesOf(source, outputs)) {
      if (!Object.hasOwn(rules, node.op)) throw this.unsupported(node.op);
      const steps = rules[node.op](this, node);
      if (steps !== undefined) yield* steps;
      yield;
    }
    for (const { name, value } of outputs) {
      const codes = this.#codesOf(value, { kind: "output", name });
      method.output(this.graph, name, codes, builder, entry.to);
    }
  }

  /** Float32 values of bytes, where the entry takes images as bytes. */
  get pixelTable(): Float32Array | undefined {
    return this.#entry.pixelTable;
  }

  /**
   * The codes that an input of a node reads, on their site.
   *
   * @throws {FewbitError} `unsupported` where there are none, 0 is not the code of 0, or channels were
   * divided.
   */
  read<Input extends string>(
    node: Pick<Node, "op" | "outputs"> & { readonly inputs: { readonly [I in Input]: Value } },
    input: Input,
  ): Codes {
    const codes = this.readDivided(node, input);
    if (codes.divisors === undefined) return codes;
    throw this.#unreadable(node.op, node.inputs[input], "channels have divisors");
  }

  /**
   * As {@linkcode read}, whatever channels were divided by.
   *
   * @throws {FewbitError} `unsupported` where there are none, or 0 is not the code of 0.
   */
  readDivided<Input extends string>(
    node: Pick<Node, "op" | "outputs"> & { readonly inputs: { readonly [I in Input]: Value } },
    input: Input,
  ): Codes {
    const codes = this.readAny(node, input);
    if (codes.zeroPoint === undefined) return codes;
    throw this.#unreadable(node.op, node.inputs[input], "codes have a zero point");
  }

  /** As {@linkcode readDivided}, whatever the code of 0 is. */
  readAny<Input extends string>(
    node: Pick<Node, "outputs"> & { readonly inputs: { readonly [I in Input]: Value } },
    input: Input,
  ): Codes {
    return this.#codesOf(node.inputs[input], { kind: "input", node, input });
  }

  /**
   * The name of a layer, by which its integers are known.
   *
   * @throws {FewbitError} `unsupported` where it has none, or another layer has it.
   */
  layerName({ op, name, outputs }: Pick<Node, "op" | "name" | "outputs">): string {
    if (name === "" || (this.#layers.get(name) ?? outputs) !== outputs) {
      throw new FewbitError(
        "unsupported",
        `${this.method.name} needs a name of its own for each ${op}, got "${name}"`,
      );
    }
    this.#layers.set(name, outputs);
    return name;
  }

  /** The site at which an input of a node reads a value. */
  siteAt(node: Pick<Node, "outputs">, input: string): Site | undefined {
    return this.#table.at({ kind: "input", node, input });
  }

  /** The site of a value that has one at most. */
  siteAtResult(value: Value): Site | undefined {
    return this.#table.of(value).length === 0 ? undefined : this.siteOf(value);
  }

  /** The one site of a value. */
  siteOf(value: Value): Site {
    const [site, ...others] = this.#table.of(value);
    if (site !== undefined && others.length === 0) return site;
    throw new FewbitError(
      "unsupported",
      `${this.method.name} has ${others.length + +(site !== undefined)} grids for "${value.name}"`,
    );
  }

  /** Puts the result of a node on each of its sites. */
  settle(value: Value, raw: Raw): void {
    // One after the other, so that one instruction can do two.
    const codes = this.#table.of(value).map((site) =>
      [site.name, this.builder.requantized(site, raw)] as const
    );
    this.#codes.set(value.id, new Map([...codes, [RAW, raw]]));
  }

  /** Says what the codes of a value are, on the one site that it has, if any. */
  keep(value: Value, codes: Codes): void {
    const [site] = this.#table.of(value);
    this.#codes.set(value.id, new Map([[site?.name ?? RAW, codes]]));
  }

  /**
   * Moves the codes of a value, on each site that is read.
   *
   * @param start The first channel that is left, where channels stay what they are.
   * @throws {FewbitError} `unsupported` where channels with scales of their own become others.
   */
  move(from: Value, to: Value, moved: (codes: Value) => Value, start?: number): void {
    const wanted = new Set(this.#table.uses(to).map((use) => this.#table.at(use)?.name ?? RAW));
    const codes = [...this.#codes.get(from.id) ?? []].filter(([name]) => wanted.has(name));
    this.#codes.set(
      to.id,
      new Map(
        codes.map((
          [name, c],
        ) => [name, { ...this.#movedChannels(from, to, c, start), value: moved(c.value) }]),
      ),
    );
  }

  #movedChannels(from: Value, to: Value, codes: Codes, start: number | undefined): Codes {
    const { scale, divisors } = codes;
    if (divisors === undefined && countOf(scale) === 1) return codes;
    const [before, after] = [from, to].map(({ shape }) => shape[shape.length - 1] as number);
    if (start === undefined && before !== after) {
      throw new FewbitError(
        "unsupported",
        `${this.method.name} cannot move "${from.name}": its channels have scales of their own`,
      );
    }
    const [first, end] = [start ?? 0, (start ?? 0) + after];
    return { ...codes, scale: sliceOf(scale, first, end), divisors: divisors?.slice(first, end) };
  }

  /** Says what stands for an input of integers. */
  setInteger(input: Value, value: Value): void {
    this.#integers.set(input.id, value);
  }

  /** What stands for an input of integers: indices, bounds. */
  integerInput(input: Value): Value {
    const value = this.#integers.get(input.id);
    if (value !== undefined) return value;
    throw new FewbitError("unsupported", `${this.method.name} has no integers for "${input.name}"`);
  }

  /** Whether a value has codes. */
  has(value: Value): boolean {
    return this.#codes.has(value.id);
  }

  /** The node of the float graph that makes a value. */
  producer(value: Value): Node | undefined {
    return this.#producers.get(value.id);
  }

  /** The elements of a constant of the float graph. */
  elements(value: Value): Tensor {
    const constant = this.source.constants.get(value.id);
    if (constant !== undefined) return constant.tensor(new Map());
    throw new FewbitError(
      "unsupported",
      `${this.method.name} cannot quantise "${value.name}": it is not constant`,
    );
  }

  /** The elements of a float32 constant. */
  floats(value: Value): Float32Array {
    return this.elements(value).data as Float32Array;
  }

  /** A constant of the float graph that stays as it is: an index, a mask. */
  plain(value: Value): Value {
    const { dtype, shape } = value;
    return this.builder.constant(
      `plain ${value.id}`,
      dtype,
      shape as number[],
      [],
      () => this.elements(value).data,
    );
  }

  /** A constant on its site. */
  constantSite(value: Value, site: Site, codesOf: (scale: number) => Tensor["data"]): Codes {
    const { name, bits } = site;
    this.expectPlain({ ...site, zeroPoint: undefined });
    const tensor = this.elements(value);
    const output = this.builder.constant(
      `codes ${name}`,
      bits === 8 ? "i8" : "i16",
      tensor.shape,
      [name],
      (scales) => codesOf(scales.get(name)!),
    );
    return this.builder.site(site, output, { kind: "constant", tensor });
  }

  /** Throws `unsupported` for a grid with a zero point or divisors, or of other bits. */
  expectPlain(
    { name, bits, zeroPoint, divisors }: Site,
    allowed: readonly number[] = [bits],
  ): void {
    if (allowed.includes(bits) && zeroPoint === undefined && divisors === undefined) return;
    const why = zeroPoint !== undefined
      ? "a zero point"
      : divisors !== undefined
      ? "divisors"
      : `${bits} bits`;
    throw new FewbitError("unsupported", `${this.method.name} cannot put "${name}" on ${why}`);
  }

  /** Text settings of the method. */
  text(op: OpName): TextSettings {
    if (this.method.text === undefined) throw this.unsupported(op);
    return this.method.text;
  }

  /** Settings of the method for language models. */
  decoder(op: string): DecoderSettings {
    if (this.method.decoder === undefined) throw this.unsupported(op);
    return this.method.decoder;
  }

  /** The error for an op that the method cannot have. */
  unsupported(op: string): FewbitError {
    return new FewbitError("unsupported", `${this.method.name} has no integers for the op ${op}`);
  }

  #unreadable(op: string, { name }: Value, why: string): FewbitError {
    return new FewbitError(
      "unsupported",
      `${this.method.name} has no integers for a ${op} of "${name}", whose ${why}`,
    );
  }

  #codesOf(value: Value, use: Reader): Codes {
    const codes = this.#codes.get(value.id)?.get(this.#table.at(use)?.name ?? RAW);
    if (codes !== undefined) return codes;
    throw new FewbitError(
      "unsupported",
      `${this.method.name} cannot quantise the value "${value.name}"`,
    );
  }
}
