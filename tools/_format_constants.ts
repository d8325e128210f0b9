/** Writes `asm/generated/format.ts`: numbers of the file format. */
import { CHECKS, DimensionKind } from "../src/instructions/mod.ts";
import { LAYOUTS, panelsOf } from "../src/layouts/mod.ts";
import type { Layout } from "../src/layouts/mod.ts";
import {
  FEATURES,
  HEADER_BYTES,
  MAGIC,
  TAGS,
  TENSOR_ALIGNMENT,
  VERSION,
} from "../src/program/format.ts";
import { GUARD_BYTES, REGION_ALIGNMENT } from "../src/program/plan.ts";
import { ENCODINGS, LIMITS, REGIONS } from "../src/program/program.ts";
import { VERDICTS } from "../src/program/verdict.ts";
import { DTYPE_BYTES, DTYPES } from "../src/tensor.ts";

/** `asm/generated/format.ts`. */
export function formatConstants(header: string): string {
  const hex = (value: number): string => `0x${value.toString(16).toUpperCase()}`;
  const group = (prefix: string, values: Readonly<Record<string, number>>, type = "u32"): string =>
    Object.entries(values).map(([name, value]) =>
      `export const ${prefix}_${
        name.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase()
      }: ${type} = ${value > 0xFFFF ? hex(value) : value};\n`
    ).join("");
  const dtypeBytes = Object.fromEntries(
    Object.entries(DTYPES).map(([name, code]) => [code, DTYPE_BYTES[name as keyof typeof DTYPES]]),
  );
  const known = Object.values(TAGS).map(hex).join(", ");
  return `${header}
export const MAGIC: u32 = ${hex(MAGIC)};
export const VERSION: u32 = ${VERSION};
export const HEADER_BYTES: u32 = ${HEADER_BYTES};
${group("FEATURE", FEATURES)}export const NONE: u32 = 0xFFFFFFFF;
export const TENSOR_ALIGNMENT: u32 = ${TENSOR_ALIGNMENT};
export const REGION_ALIGNMENT: u32 = ${REGION_ALIGNMENT};
export const GUARD_BYTES: u32 = ${GUARD_BYTES};

// Section tags, and the kinds of symbols.
${group("TAG", TAGS)}export const TAGS: usize = memory.data<u32>([${known}]);
export const TAG_COUNT: u32 = ${Object.keys(TAGS).length};
export const SYMBOL_LOAD: u32 = 0;
${group("LIMIT", LIMITS)}
${group("REGION", REGIONS)}export const REGION_COUNT: u32 = ${Object.keys(REGIONS).length};

${group("DTYPE", DTYPES)}export const DTYPE_COUNT: u32 = ${Object.keys(DTYPES).length};
/** Bytes of an element, by code. */
export const DTYPE_BYTES: usize = memory.data<u8>([${Object.values(dtypeBytes).join(", ")}]);

${group("LAYOUT", LAYOUTS)}export const LAYOUT_COUNT: u32 = ${Object.keys(LAYOUTS).length};
/** By code: columns and bytes of a block, element type, 1 constants only | 2 in base 3; 0 for rows. */
export const LAYOUT_PANELS: usize = memory.data<u8>([${layoutPanels().join(", ")}]);

${group("ENCODING", ENCODINGS)}export const ENCODING_COUNT: u32 = ${Object.keys(ENCODINGS).length};

${group("CHECK", CHECKS)}export const CHECK_COUNT: u32 = ${Object.keys(CHECKS).length};

${group("DIMENSION", dimensionKinds())}
${group("VERDICT", VERDICTS, "i32")}`;
}

function layoutPanels(): number[] {
  return Object.keys(LAYOUTS).flatMap((name) => {
    const panels = panelsOf(name as Layout);
    if (panels === undefined) return [0, 0, 0, 0];
    const { columns, blockBytes, dtype, constantOnly, stored } = panels;
    return [columns, blockBytes, DTYPES[dtype], +constantOnly | +(stored === "base3") << 1];
  });
}

function dimensionKinds(): Record<string, number> {
  return Object.fromEntries(
    Object.entries(DimensionKind).filter((pair): pair is [string, DimensionKind] =>
      typeof pair[1] === "number"
    ),
  );
}
