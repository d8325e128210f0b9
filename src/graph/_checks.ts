/** What a graph refuses when it is told of it, so that nothing of it is met later. */
import { FewbitError } from "../errors.ts";
import { DTYPE_ARRAYS, elementCount } from "../tensor.ts";
import type { DType, TensorData } from "../tensor.ts";
import { format, sameShape } from "./extent.ts";
import type { Extent, GraphOutput, GraphSymbol, Node, Value } from "./graph.ts";
import type { AnyOp } from "./op.ts";

/** Throws `invalid_argument` unless a type is one that there is. */
export function checkDtype(name: string, dtype: DType): void {
  if (typeof dtype === "string" && Object.hasOwn(DTYPE_ARRAYS, dtype)) return;
  throw new FewbitError("invalid_argument", `Cannot add "${name}": there is no type ${dtype}`);
}

/** Throws unless extents are integers of at least 1 or follow from symbols of the graph. */
export function checkExtents(
  name: string,
  shape: readonly Extent[],
  symbols: ReadonlyMap<string, GraphSymbol>,
): void {
  if (!Array.isArray(shape)) {
    throw new FewbitError("invalid_argument", `Cannot add "${name}": it has no shape`);
  }
  for (const extent of shape as readonly Extent[]) {
    if (typeof extent === "object" && extent !== null) {
      const { symbol, factor, plus } = extent;
      if (!Number.isInteger(factor) || !Number.isInteger(plus)) {
        throw new FewbitError(
          "invalid_argument",
          `Cannot add "${name}": ${factor}·${symbol} + ${plus} is no extent`,
        );
      }
      if (symbols.has(symbol) || isMost(symbol, symbols)) continue;
      throw new FewbitError(
        "invalid_argument",
        `Cannot add "${name}": the graph has no symbol "${symbol}"`,
      );
    }
    if (Number.isInteger(extent) && extent >= 1) continue;
    throw new FewbitError(
      "invalid_argument",
      `Cannot add "${name}": its extent ${String(extent)} is no integer of at least 1`,
    );
  }
}

/** Throws unless there is an element for each place, in an array of their type. */
export function checkElements(
  action: string,
  dtype: DType,
  shape: readonly number[],
  data: TensorData,
): void {
  if (!(data instanceof DTYPE_ARRAYS[dtype])) {
    throw new FewbitError(
      "dtype_mismatch",
      `${action}: ${dtype} elements are in a ${DTYPE_ARRAYS[dtype].name}, got ${
        ArrayBuffer.isView(data) ? data.constructor.name : typeof data
      }`,
    );
  }
  if (elementCount(shape) !== data.length) {
    throw new FewbitError("shape_mismatch", `${action}: ${data.length} elements for [${shape}]`);
  }
}

/** Whether a name is that of the most that a run may have of something: a loader chooses it. */
function isMost(name: string, symbols: ReadonlyMap<string, GraphSymbol>): boolean {
  return name.startsWith("max_") && symbols.get(name.slice("max_".length))?.kind === "run";
}

/** Throws `invalid_argument` unless a symbol has a name of its own and values within its limit. */
export function checkSymbol(
  { name, limit, defaultMax }: GraphSymbol,
  symbols: ReadonlyMap<string, GraphSymbol>,
): void {
  if (symbols.has(name)) {
    throw new FewbitError("invalid_argument", `Cannot name two symbols "${name}"`);
  }
  const fits = Number.isInteger(limit) && Number.isInteger(defaultMax) && defaultMax >= 1 &&
    defaultMax <= limit;
  if (typeof name === "string" && name !== "" && fits) return;
  throw new FewbitError(
    "invalid_argument",
    `Cannot add symbol "${name}": its default ${defaultMax} is no integer from 1 to ${limit}`,
  );
}

/** Throws `invalid_argument` unless callers can know a value by a name. */
export function checkName(name: string, what: string): void {
  if (typeof name === "string" && name !== "") return;
  throw new FewbitError("invalid_argument", `Cannot add ${what}: it needs a name`);
}

/** Throws unless an output has a name of its own in its entry, and in others the same type. */
export function checkOutput(
  { name, value, entry }: GraphOutput,
  outputs: readonly GraphOutput[],
  stored: readonly Value[],
): void {
  checkName(name, "an output");
  checkName(entry, "an entry");
  const others = outputs.filter((output) => output.name === name);
  if (stored.some((other) => other.name === name) || others.some((o) => o.entry === entry)) {
    throw new FewbitError("invalid_argument", `Cannot name two values "${name}"`);
  }
  // Entries share the memory of an output.
  for (const { value: { dtype, shape }, entry } of others) {
    if (dtype === value.dtype && sameShape(shape, value.shape)) continue;
    throw new FewbitError(
      "shape_mismatch",
      `Cannot add output "${name}" ${value.dtype} ${format(value.shape)}: ` +
        `in entry ${entry} it is ${dtype} ${format(shape)}`,
    );
  }
}

/** The inputs that an op knows, in its order, all of them values of the graph. */
export function checkedInputs(
  op: AnyOp,
  given: Node["inputs"],
  isKnown: (value: Value) => boolean,
): Record<string, Value | undefined> {
  if (typeof op?.infer !== "function") {
    throw new FewbitError("invalid_argument", "Cannot apply: expected an op and its inputs");
  }
  const names = op.inputs.map((input) => input.replace("?", ""));
  const unknown = Object.keys(given).find((input) => !names.includes(input));
  if (unknown !== undefined) {
    throw new FewbitError(
      "invalid_argument",
      `${op.name} has no input "${unknown}"; it has ${names}`,
    );
  }
  return Object.fromEntries(op.inputs.map((input, i) => {
    const value = given[names[i]];
    if (value === undefined) {
      if (input.endsWith("?")) return [names[i], undefined];
      throw new FewbitError("invalid_argument", `${op.name}: input "${input}" is missing`);
    }
    if (isKnown(value)) return [names[i], value];
    throw new FewbitError(
      "invalid_argument",
      `${op.name}: input "${names[i]}" is no value of this graph`,
    );
  }));
}

/** Throws `invalid_argument` unless an op updates what outlives it: states and parameters. */
export function checkUpdates(
  { name, writes = [] }: AnyOp,
  inputs: Node["inputs"],
  isStored: (value: Value) => boolean,
): void {
  for (const input of writes) {
    const value = inputs[input];
    if (value === undefined || isStored(value)) continue;
    throw new FewbitError(
      "invalid_argument",
      `${name} updates its input "${input}": expected a state or a parameter, got ${
        format(value.shape)
      } "${value.name}"`,
    );
  }
}
