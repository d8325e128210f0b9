import { testFusion } from "../_check.ts";
import { FloatNet } from "../_float_net.ts";

testFusion("norm and codes", () => new FloatNet(), [
  {
    of: "of one layer",
    make: (n) => n.bitLinear(n.norm()),
    instructions: ["rms_norm_quantize_i8", "linear_ternary"],
  },
  {
    of: "of two layers, which share their codes",
    make: (n) => {
      const norm = n.norm();
      n.output(n.bitLinear(norm), "other");
      return n.bitLinear(norm);
    },
    instructions: ["rms_norm_quantize_i8", "linear_ternary", "linear_ternary"],
    made: 2,
  },
  {
    of: "of two layers with epsilons of their own, so two sets of codes",
    make: (n) => {
      const norm = n.norm();
      n.output(n.bitLinear(norm, 1e-1), "other");
      return n.bitLinear(norm);
    },
    instructions: [
      "rms_norm_quantize_i8",
      "linear_ternary",
      "rms_norm_quantize_i8",
      "linear_ternary",
    ],
    made: 2,
  },
  {
    of: "where the norm is an output",
    make: (n) => n.bitLinear(n.output(n.norm(), "norm")),
    instructions: ["rms_norm_f32", "rms_norm_quantize_i8", "linear_ternary", "copy"],
    because: '"" is an output',
  },
  {
    of: "where something else reads the norm",
    make: (n) => {
      const norm = n.norm();
      n.output(n.gelu(norm), "other");
      return n.bitLinear(norm);
    },
    instructions: ["rms_norm_f32", "gelu_f32", "rms_norm_quantize_i8", "linear_ternary"],
    because: 'Gelu reads ""',
  },
]);
