import { testFusion } from "../_check.ts";
import { COLUMNS, FloatNet } from "../_float_net.ts";

testFusion("ternary layer and residual", () => new FloatNet(), [
  {
    of: "of an input",
    make: (n) => n.add(n.bitLinear(), n.x),
    instructions: ["rms_norm_quantize_i8", "linear_ternary"],
  },
  {
    of: "with the norm before it",
    make: (n) => n.add(n.bitLinear(n.norm()), n.x),
    instructions: ["rms_norm_quantize_i8", "linear_ternary"],
  },
  {
    of: "without the norm before it, which is an output",
    make: (n) => n.add(n.bitLinear(n.output(n.norm(), "norm")), n.x),
    instructions: ["rms_norm_f32", "rms_norm_quantize_i8", "linear_ternary", "copy"],
  },
  {
    of: "of the norm itself",
    make: (n) => {
      const norm = n.norm();
      return n.add(n.bitLinear(norm), norm);
    },
    instructions: ["rms_norm_f32", "rms_norm_quantize_i8", "linear_ternary"],
  },
  {
    of: "what repeats over rows",
    make: (n) => n.add(n.bitLinear(), n.constant("f32", COLUMNS)),
    instructions: ["rms_norm_quantize_i8", "linear_ternary", "add_f32"],
    because: "the residual repeats",
  },
  {
    of: "where the layer is an output",
    make: (n) => n.add(n.output(n.bitLinear(), "layer"), n.x),
    instructions: ["rms_norm_quantize_i8", "linear_ternary", "add_f32", "copy"],
    because: "value 4 is an output",
  },
  {
    of: "where the layer is read twice",
    make: (n) => {
      const layer = n.bitLinear();
      n.output(n.gelu(layer), "other");
      return n.add(layer, n.x);
    },
    instructions: ["rms_norm_quantize_i8", "linear_ternary", "gelu_f32", "add_f32"],
    because: "2 nodes read value 4",
  },
]);
