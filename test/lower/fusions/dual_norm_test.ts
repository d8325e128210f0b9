import { testFusion } from "../_check.ts";
import { COLUMNS, IntegerNet } from "../_integer_net.ts";

const APART = ["layer_norm_i16", "requantize", "requantize"];

testFusion("norm with two results", () => new IntegerNet(), [
  {
    of: "of 8 bits by column and of 16",
    make: (n) => {
      const norm = n.norm(n.x);
      n.output(n.requantize(norm, "i8", { columns: COLUMNS }), "other");
      return n.requantize(norm, "i16");
    },
    instructions: ["layer_norm_dual_i16"],
  },
  {
    of: "of 16 bits and of 8 by column",
    make: (n) => {
      const norm = n.norm(n.residual("i16"));
      n.output(n.requantize(norm, "i16"), "other");
      return n.requantize(norm, "i8", { columns: COLUMNS });
    },
    instructions: ["layer_norm_dual_i16"],
  },
  {
    of: "with a residual",
    make: (n) => {
      const norm = n.norm(n.x);
      n.output(n.requantize(norm, "i8"), "other");
      return n.requantize(norm, "i16", { identity: n.residual() });
    },
    instructions: APART,
    because: "a residual is added",
  },
  {
    of: "with a residual in the first",
    make: (n) => {
      const norm = n.norm(n.x);
      n.output(n.requantize(norm, "i16", { identity: n.residual() }), "other");
      return n.requantize(norm, "i8");
    },
    instructions: APART,
    because: "a residual is added",
  },
  {
    of: "with a zero point in the first",
    make: (n) => {
      const norm = n.norm(n.x);
      n.output(n.requantize(norm, "i8", { zeroPoint: true }), "other");
      return n.requantize(norm, "i16");
    },
    instructions: APART,
    because: "there is a zero point",
  },
  {
    of: "with a zero point in the second",
    make: (n) => {
      const norm = n.norm(n.x);
      n.output(n.requantize(norm, "i16"), "other");
      return n.requantize(norm, "i8", { zeroPoint: true });
    },
    instructions: APART,
    because: "there is a zero point",
  },
  {
    of: "where the second has 32 bits",
    make: (n) => {
      const norm = n.norm(n.x);
      n.output(n.requantize(norm, "i8"), "other");
      return n.requantize(norm, "i32");
    },
    instructions: APART,
    because: "results have 32 bits",
  },
  {
    of: "where the first has 32 bits",
    make: (n) => {
      const norm = n.norm(n.x);
      n.output(n.requantize(norm, "i32"), "other");
      return n.requantize(norm, "i8");
    },
    instructions: APART,
    because: "results have 32 bits",
  },
  {
    of: "of three",
    make: (n) => {
      const norm = n.norm(n.x);
      n.output(n.requantize(norm, "i8"), "other");
      n.output(n.requantize(norm, "i8"), "third");
      return n.requantize(norm, "i16");
    },
    instructions: [...APART, "requantize"],
    because: "3 nodes read the norm",
  },
  {
    of: "where the norm is an output",
    make: (n) => {
      const norm = n.norm(n.x);
      n.output(norm, "norm");
      n.output(n.requantize(norm, "i8"), "other");
      return n.requantize(norm, "i16");
    },
    instructions: [...APART, "copy"],
    because: "the norm is an output",
  },
  {
    of: "where the other reader is no requantisation",
    make: (n) => {
      const norm = n.norm(n.x);
      n.output(n.dequantize(norm), "other");
      return n.requantize(norm, "i16");
    },
    instructions: ["layer_norm_i16", "dequantize_linear", "requantize"],
    because: "DequantizeLinear reads the norm as well",
  },
  {
    of: "where what reads the first stands between them",
    make: (n) => {
      const norm = n.norm(n.x);
      n.output(n.lookup(n.requantize(norm, "i8"), "i16"), "other");
      return n.requantize(norm, "i16");
    },
    instructions: ["layer_norm_i16", "requantize", "lookup", "requantize"],
    because: "other nodes stand between the two requantisations",
  },
]);
