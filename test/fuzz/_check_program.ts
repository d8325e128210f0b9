/** What must hold of any file whatever: the same verdict everywhere, and good runs of what passes. */
import assert from "node:assert/strict";
import type { Inputs, LoadOptions, SyncInstance } from "../../src/engines/engine.ts";
import { loadReference } from "../../src/engines/reference/mod.ts";
import { loadWasm } from "../../src/engines/wasm/load.ts";
import { FewbitError } from "../../src/errors.ts";
import { randomInputs } from "../../src/inspect/random_inputs.ts";
import { instructionOf } from "../../src/instructions/mod.ts";
import { evaluateExpressions } from "../../src/program/expression.ts";
import { ProgramError, verdictOf, VERDICTS } from "../../src/program/verdict.ts";
import type { VerifiedProgram } from "../../src/program/verify.ts";
import { DTYPE_BYTES } from "../../src/tensor.ts";
import type { Tensor, TensorData } from "../../src/tensor.ts";
import { verdictOfTypeScript, verdictOfWasm } from "../program/_verdict.ts";
import type { Request } from "../program/_verdict.ts";
import { NUMBERS } from "./_mutate_bytes.ts";
import type { Random } from "./_random.ts";

const LIMITS = { workLimit: 2 ** 26, memoryLimitBytes: 2 ** 28 } as const;
/** Most work that the reference engine does for a mutant. */
const REFERENCE_WORK = 2 ** 19;
/** Files up to this size are also loaded by the public loaders when they are bad. */
const SMALL_BYTES = 1 << 16;

/** Loads and runs a file everywhere; returns its verdict, or what kind of good program it is. */
export async function checkProgram(
  file: Uint8Array<ArrayBuffer>,
  symbols: Request["symbols"],
  random: Random,
): Promise<string> {
  const request: Request = { ...LIMITS, symbols };
  const { verdict, verified, loaded } = verdictOfTypeScript(file, request);
  const look = loaded ? (): void => {} : undefined;
  for (const build of ["simd", "relaxed"] as const) {
    const other = verdictOfWasm(file, request, look, build);
    assert.equal(name(other), name(verdict), `verdict of wasm ${build}`);
  }
  if (verdict !== VERDICTS.ok) {
    if (file.length <= SMALL_BYTES && symbols === undefined) await checkRefusal(file, verdict);
    return name(verdict);
  }
  if (!loaded) return "ok, too large to run";
  return await checkRuns(file, verified!, random);
}

function name(verdict: number): string {
  return verdictOf(verdict) ?? `verdict ${verdict}`;
}

async function checkRefusal(file: Uint8Array<ArrayBuffer>, verdict: number): Promise<void> {
  const loaders = [
    () => loadReference(file, LIMITS),
    () => loadWasm(file, { ...LIMITS, build: "simd" }),
    () => loadWasm(file, { ...LIMITS, build: "relaxed" }),
  ];
  for (const loader of loaders) {
    const error = await failureOf(loader);
    assert.ok(error instanceof FewbitError, `loader threw ${error}`);
    // Bytes after the file are seen before those of the file are checked.
    if (isLonger(file) && error.message.includes("bytes after")) continue;
    assert.ok(error instanceof ProgramError, `loader threw ${error}`);
    assert.equal(error.verdict, name(verdict), "verdict of a loader");
  }
}

async function failureOf(load: () => Promise<SyncInstance>): Promise<unknown> {
  try {
    using _ = await load();
  } catch (error) {
    return error;
  }
  return "nothing: it loads";
}

async function checkRuns(
  file: Uint8Array<ArrayBuffer>,
  verified: VerifiedProgram,
  random: Random,
): Promise<string> {
  const { program } = verified;
  const values = Object.entries(verified.symbols).flatMap(([i, value]) => {
    const symbol = program.symbols[Number(i)];
    return symbol.kind === "load" ? [[symbol.name, value] as const] : [];
  });
  const options: LoadOptions = { ...LIMITS, symbols: Object.fromEntries(values) };
  if (isLonger(file)) {
    // Only those that stream to the end see that there is more.
    const error = await failureOf(() => loadWasm(file, options));
    assert.ok(error instanceof FewbitError && error.code === "invalid_file", `${error}`);
    return "ok, but longer";
  }
  const small = Math.max(...verified.work) <= REFERENCE_WORK;
  using simd = await loadWasm(file, { ...options, build: "simd" });
  using relaxed = await loadWasm(file, { ...options, build: "relaxed" });
  using reference = small ? await loadReference(file, options) : undefined;
  let runs = 0;
  for (const [i, entry] of program.entries.slice(0, 4).entries()) {
    const symbolValues = runValues(verified, random);
    const given = Object.fromEntries(
      program.symbols.flatMap(({ kind, name }, s) =>
        kind === "run" ? [[name, symbolValues[s]]] : []
      ),
    );
    const extents = evaluateExpressions(program, symbolValues);
    const inputs = inputsOf(verified, i, extents, random);
    if (inputs === undefined) continue;
    const run = (instance: SyncInstance): Record<string, Tensor> | string => {
      try {
        return instance.runSync(inputs, { entry: entry.name, symbols: given });
      } catch (error) {
        assert.ok(error instanceof FewbitError, `run threw ${error}`);
        return error.code;
      }
    };
    const first = run(simd);
    if (typeof first !== "string") {
      runs++;
      checkShapes(verified, i, first, extents);
    }
    const others: [string, SyncInstance | undefined][] = [["relaxed", relaxed], [
      "reference",
      reference,
    ]];
    for (const [engine, instance] of others) {
      if (instance === undefined) continue;
      const result = run(instance);
      if (engine === "relaxed" && isFast(verified)) continue;
      compare(first, result, `${engine}, entry ${entry.name}`);
      compare(keptBy(simd), keptBy(instance), `state on ${engine}, entry ${entry.name}`);
    }
  }
  return runs === 0 ? "ok, no inputs" : reference ? "ok, ran" : "ok, ran on wasm";
}

/** Whether there are bytes behind those that the header names. */
function isLonger(file: Uint8Array): boolean {
  if (file.length < 16) return false;
  const view = new DataView(file.buffer, file.byteOffset);
  return file.length > view.getUint32(8, true) + view.getUint32(12, true);
}

function runValues({ program, symbols, symbolRanges }: VerifiedProgram, random: Random): number[] {
  return program.symbols.map(({ kind }, i) => {
    const { min, max } = symbolRanges[i];
    return kind === "load" ? symbols[i] : random.pick([min, max, symbols[i]]);
  });
}

/** Inputs that pass the checks, hostile ones where nothing is checked; `undefined` if there are none. */
function inputsOf(
  { program }: VerifiedProgram,
  entry: number,
  extents: Float64Array,
  random: Random,
): Inputs | undefined {
  try {
    const inputs = randomInputs(program, program.entries[entry], extents, random.bits());
    if (random.chance(0.5)) {
      for (const { name, check } of program.tensors) {
        if (check === "none" && Object.hasOwn(inputs, name)) {
          makeHostile(inputs[name] as TensorData, random);
        }
      }
    }
    return inputs;
  } catch (error) {
    if (error instanceof FewbitError) return undefined;
    throw error;
  }
}

/** Writes the bits of limits, infinities and NaNs here and there. */
function makeHostile({ buffer, byteOffset, byteLength }: Tensor["data"], random: Random): void {
  const view = new DataView(buffer, byteOffset, byteLength);
  for (let at = 0; at + 4 <= byteLength; at += 4) {
    if (random.chance(0.2)) view.setUint32(at, random.pick(NUMBERS), true);
  }
}

function checkShapes(
  { program }: VerifiedProgram,
  entry: number,
  outputs: Record<string, Tensor>,
  extents: Float64Array,
): void {
  const { first, count } = program.entries[entry];
  const used = new Set(
    program.instructions.slice(first, first + count).flatMap(({ operands }) =>
      operands.filter((view) => view >= 0).map((view) => program.views[view].tensor)
    ),
  );
  const declared = program.tensors.filter(({ region }, i) => region === "output" && used.has(i));
  assert.deepEqual(Object.keys(outputs).toSorted(), declared.map(({ name }) => name).toSorted());
  for (const tensor of declared) {
    const shape = tensor.extents.map((extent) => extents[extent]);
    const { dtype, data, shape: actual } = outputs[tensor.name];
    assert.deepEqual([dtype, [...actual]], [tensor.dtype, shape]);
    assert.equal(data.byteLength, shape.reduce((a, b) => a * b, DTYPE_BYTES[dtype]));
  }
}

/** On relaxed SIMD, `fast` precision has other bits. */
function isFast({ program }: VerifiedProgram): boolean {
  return program.instructions.some(({ opcode, attributes }) =>
    attributes[
      instructionOf(opcode)!.attributes?.findIndex((a) => a.name === "precision") ?? -1
    ] ===
      1
  );
}

function compare(
  expected: Record<string, Tensor> | string,
  actual: Record<string, Tensor> | string,
  where: string,
): void {
  if (typeof expected === "string" || typeof actual === "string") {
    return assert.equal(actual, expected, where);
  }
  for (const [name, { data }] of Object.entries(expected)) {
    const other: Tensor["data"] = actual[name].data;
    assert.equal(other.length, data.length, `${where}: ${name}`);
    for (let i = 0; i < data.length; i++) {
      // NaN equals NaN, 0 does not equal −0.
      if (!Object.is(data[i], other[i])) {
        assert.fail(`${where}: ${name}[${i}] = ${other[i]}, simd ${data[i]}`);
      }
    }
  }
}

/** State, and constants that a loader has decoded. */
function keptBy(instance: SyncInstance): Record<string, Tensor> {
  return Object.fromEntries(
    instance.program.tensors.flatMap(({ region, encoding }, i) =>
      region === "state" || encoding === "base3" ? [[i, instance.peekSync(i)]] : []
    ),
  );
}
