import { testFusion } from "../_check.ts";
import { COLUMNS, FloatNet } from "../_float_net.ts";

testFusion("linear layer and residual", () => new FloatNet(), [
  { of: "of an input", make: (n) => n.add(n.linear(), n.x), instructions: ["linear_f32"] },
  {
    of: "of another layer",
    make: (n) => n.add(n.linear(), n.linear()),
    instructions: ["linear_f32", "linear_f32"],
  },
  {
    of: "what repeats over rows",
    make: (n) => n.add(n.linear(), n.constant("f32", COLUMNS)),
    instructions: ["linear_f32", "add_f32"],
    because: "the residual repeats",
  },
  {
    of: "where the layer is an output",
    make: (n) => n.add(n.output(n.linear(), "layer"), n.x),
    instructions: ["linear_f32", "add_f32", "copy"],
    because: "value 3 is an output",
  },
  {
    of: "where the layer is read twice",
    make: (n) => {
      const layer = n.linear();
      n.output(n.gelu(layer), "other");
      return n.add(layer, n.x);
    },
    instructions: ["linear_f32", "gelu_f32", "add_f32"],
    because: "2 nodes read value 3",
  },
]);
