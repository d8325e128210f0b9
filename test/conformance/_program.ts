/** A case as a program of one instruction, and its run on an engine. */
import { instructionNamed } from "../../src/instructions/mod.ts";
import type { Inputs, SyncInstance } from "../../src/engines/engine.ts";
import { WasmInstance } from "../../src/engines/wasm/instance.ts";
import { ProgramBuilder } from "../../src/program/builder.ts";
import { packBase3 } from "../../src/numeric/base3.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { packed } from "../../src/layouts/elements.ts";
import type { Index } from "../../src/program/program.ts";
import type { Case, ResultValue, Value } from "./_case.ts";
import { arrayOf, elements as drawElements } from "./_values.ts";
import { Random } from "./_random.ts";
import { tensorOf } from "../../src/tensor.ts";

/** A file and what to give it. */
export interface Prepared {
  readonly file: Uint8Array<ArrayBuffer>;
  readonly inputs: Inputs;
  readonly symbols: Readonly<Record<string, number>>;
  /** Results and the places of their elements. */
  readonly results: readonly { name: string; place: Place; dtype: Value["dtype"] }[];
}

/** Where the rows of a view lie in a tensor, in elements. */
interface Place {
  readonly rows: number;
  readonly columns: number;
  readonly stride: number;
  readonly offset: number;
  /** Elements of the tensor. */
  readonly length: number;
}

function placeOf({ extents, offset = 0, gap = 0 }: ResultValue): Place {
  const columns = extents[extents.length - 1];
  const rows = extents.slice(0, -1).reduce((a, b) => a * b, 1);
  const stride = columns + gap;
  return { rows, columns, stride, offset, length: offset + rows * stride };
}

/** How much larger the bound of a run-time extent is than its value. */
const SLACK = 5;

/**
 * Makes the program of a case. Gaps hold noise, so that reading or writing them shows.
 *
 * @param more Adds other entries.
 */
export async function prepare(
  c: Case,
  more: (builder: ProgramBuilder) => void = () => {},
): Promise<Prepared> {
  const builder = new ProgramBuilder();
  const random = new Random(7919);
  const inputs: Record<string, Uint8Array> = {};
  const results: { name: string; place: Place; dtype: Value["dtype"] }[] = [];
  const views: Record<string, Index> = {};
  const tensors: Record<string, Index> = {};
  const lead = Object.values(c.results)[0]?.extents[0] ?? 1;
  const symbol = c.symbolic ? addSymbol(builder, lead) : -1;

  for (const { name, role, shape: described } of instructionNamed(c.instruction).operands) {
    const value = c.operands[name];
    const shape = value ?? c.results[name];
    if (shape === undefined) continue;
    const place = placeOf(shape);
    const plain = place.offset === 0 && place.stride === place.columns;
    const layout = value?.layout ?? "rows";
    const follows = symbol >= 0 && /^[*B] /.test(described);
    const viewed = shape.extents.map((extent, i) =>
      follows && i === 0 ? builder.expression(0, [[1, symbol]]) : builder.expression(extent)
    );
    // A tensor of its own shape where it must be one, else a row of elements that the view lies in.
    const whole = plain && (layout !== "rows" || value?.check !== undefined || follows);
    const room = follows ? place.stride * (place.rows / lead) * SLACK : 0;
    const extents = whole ? viewed : [builder.expression(place.length + room)];
    const bytes = bytesOf(place, place.length + (whole ? 0 : room), shape, value, random);
    // Results lie in the state, where their memory can be filled with noise first.
    const region = value?.constant === true || layout !== "rows"
      ? "constant"
      : role === "in"
      ? "input"
      : whole
      ? "output"
      : "state";
    tensors[name] = builder.tensor({
      region,
      name,
      dtype: shape.dtype,
      layout,
      extents,
      encoding: layout === "panel_8x16_t2" ? "base3" : "raw",
      check: value?.check,
      limit: value?.limit === undefined ? undefined : builder.expression(value.limit),
      offsets: value?.check === "past" ? tensors.offsets : undefined,
      data: region === "constant" || region === "state" ? bytes : undefined,
    });
    if (region === "input") inputs[name] = bytes;
    if (role !== "in") results.push({ name, place, dtype: shape.dtype });
    views[name] = builder.view(
      tensors[name],
      viewed,
      plain ? viewed[viewed.length - 1] : builder.expression(place.stride),
      builder.expression(place.offset),
    );
  }
  builder.instruction(c.instruction, views, c.attributes);
  builder.entry("main");
  more(builder);
  const file = await encodeProgram(builder.finish());
  return { file, inputs, results, symbols: symbol < 0 ? {} : { rows: lead } };
}

function addSymbol(builder: ProgramBuilder, lead: number): Index {
  const max = builder.expression(lead + SLACK);
  return builder.symbol({ name: "rows", kind: "run", min: 1, max, default: 1 });
}

/** The bytes of a tensor: elements in their places, noise between them. */
function bytesOf(
  place: Place,
  length: number,
  { dtype }: ResultValue,
  value: Value | undefined,
  random: Random,
): Uint8Array {
  if (value?.layout !== undefined && value.layout !== "rows") return packedBytes(value);
  const all = drawElements(random, dtype, length, "any");
  if (value !== undefined) {
    // As integers where floats are moved, so that every NaN keeps its bits.
    const bits = (a: typeof all) => a instanceof Float32Array ? new Int32Array(a.buffer) : a;
    const [to, from] = [bits(all), bits(value.elements)];
    for (let row = 0; row < place.rows; row++) {
      for (let column = 0; column < place.columns; column++) {
        to[place.offset + row * place.stride + column] = from[row * place.columns + column];
      }
    }
  }
  return new Uint8Array(all.buffer);
}

/** The bytes of a value as its layout has them. */
export function packedBytes(value: Value): Uint8Array {
  const { layout = "rows", dtype, extents: shape, elements } = value;
  if (layout === "panel_8x16_t2") return packBase3(elements as Int8Array);
  return packed(tensorOf(dtype, shape, elements.slice()), layout);
}

/**
 * Runs a prepared case; returns the bytes of each result with what lies between its rows. With
 * `parts` an instance that can runs the instruction in so many parts, the last one first.
 */
export function runPrepared(
  instance: SyncInstance,
  { inputs, symbols, results }: Prepared,
  parts = 0,
): Uint8Array[] {
  const execution = instance.begin(inputs, { symbols });
  if (parts > 0 && instance instanceof WasmInstance) {
    for (let part = parts - 1; part >= 0; part--) instance.runPart(0, 0, part, parts);
  } else execution.advance();
  const outputs = execution.outputs();
  return results.map(({ name }) => {
    const { data } = outputs[name] ?? instance.readSync(name);
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  });
}

/** The elements of a result, row-major, without gaps. */
export function elementsOf(bytes: Uint8Array, place: Place, dtype: Value["dtype"]): number[] {
  const all = arrayOf(dtype, bytes.byteLength / arrayOf(dtype, 1).BYTES_PER_ELEMENT);
  new Uint8Array(all.buffer).set(bytes);
  return Array.from(
    { length: place.rows * place.columns },
    (_, i) => all[place.offset + Math.floor(i / place.columns) * place.stride + i % place.columns],
  );
}
