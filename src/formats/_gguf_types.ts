/** Types of elements in GGUF files and the bytes that they take. */
import type { DType } from "../tensor.ts";

/** An element type of ggml. */
export interface GgmlType {
  readonly name: string;
  /** Elements of a block; rows consist of whole blocks. */
  readonly blockElements: number;
  /** Bytes of a block; `undefined` where they are not known. */
  readonly blockBytes: number | undefined;
  /** Bytes that follow the blocks of a tensor. */
  readonly trailerBytes: number;
  /** The element type that it is, where it is a plain one. */
  readonly dtype?: DType;
}

/** Elements that are stored one by one. */
const PLAIN: readonly (readonly [id: number, name: string, bytes: number, dtype: DType])[] = [
  [0, "F32", 4, "f32"],
  [1, "F16", 2, "f16"],
  [24, "I8", 1, "i8"],
  [25, "I16", 2, "i16"],
  [26, "I32", 4, "i32"],
  [27, "I64", 8, "i64"],
  [28, "F64", 8, "f64"],
  [30, "BF16", 2, "bf16"],
];

/** Elements that are stored in blocks. */
const BLOCKS: readonly (readonly [id: number, name: string, elements: number, bytes: number])[] = [
  [2, "Q4_0", 32, 18],
  [3, "Q4_1", 32, 20],
  [6, "Q5_0", 32, 22],
  [7, "Q5_1", 32, 24],
  [8, "Q8_0", 32, 34],
  [10, "Q2_K", 256, 84],
  [11, "Q3_K", 256, 110],
  [12, "Q4_K", 256, 144],
  [13, "Q5_K", 256, 176],
  [14, "Q6_K", 256, 210],
  [15, "Q8_K", 256, 292],
  [16, "IQ2_XXS", 256, 66],
  [17, "IQ2_XS", 256, 74],
  [18, "IQ3_XXS", 256, 98],
  [19, "IQ1_S", 256, 50],
  [20, "IQ4_NL", 32, 18],
  [21, "IQ3_S", 256, 110],
  [22, "IQ2_S", 256, 82],
  [23, "IQ4_XS", 256, 136],
  [29, "IQ1_M", 256, 56],
  [34, "TQ1_0", 256, 54],
  [35, "TQ2_0", 256, 66],
];

/**
 * Numbers that bitnet.cpp and llama.cpp have given to different types (39 is TL2 here and MXFP4
 * there), or whose sizes differ between versions: their bytes are not known from the file.
 */
const UNSIZED: readonly (readonly [id: number, name: string])[] = [
  [9, "Q8_1"],
  [38, "TL1"],
  [39, "TL2 or MXFP4"],
];

const TYPES: ReadonlyMap<number, GgmlType> = new Map<number, GgmlType>([
  ...PLAIN.map(([id, name, blockBytes, dtype]): [number, GgmlType] => [
    id,
    { name, blockElements: 1, blockBytes, trailerBytes: 0, dtype },
  ]),
  ...BLOCKS.map(([id, name, blockElements, blockBytes]): [number, GgmlType] => [
    id,
    { name, blockElements, blockBytes, trailerBytes: 0 },
  ]),
  ...UNSIZED.map(([id, name]): [number, GgmlType] => [id, unsized(name)]),
  // Four weights a byte over the whole tensor, then the scale in a room of 32 bytes; bitnet.cpp.
  [36, { name: "I2_S", blockElements: 4, blockBytes: 1, trailerBytes: 32 }],
]);

/** The type of a number in a file; one that nobody knows is named after its number. */
export function ggmlType(id: number): GgmlType {
  return TYPES.get(id) ?? unsized(`type ${id}`);
}

function unsized(name: string): GgmlType {
  return { name, blockElements: 1, blockBytes: undefined, trailerBytes: 0 };
}
