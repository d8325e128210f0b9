import { testFusion } from "../_check.ts";
import { COLUMNS, IntegerNet, ROWS } from "../_integer_net.ts";

testFusion("integer layer and residual", () => new IntegerNet(), [
  {
    of: "of 8 bits",
    make: (n) => n.requantize(n.requantize(n.linear(), "i16"), "i16", { identity: n.residual() }),
    instructions: ["linear_i8"],
  },
  {
    of: "of 16 bits, the layer by column",
    make: (n) =>
      n.requantize(n.requantize(n.linear(), "i16", { columns: COLUMNS }), "i16", {
        identity: n.residual("i16"),
      }),
    instructions: ["linear_i8"],
  },
  {
    of: "of a layer of 16-bit codes",
    make: (n) => {
      const identity = n.residual("i16");
      return n.requantize(n.requantize(n.linear(identity), "i16"), "i16", { identity });
    },
    instructions: ["linear_i16"],
  },
  {
    of: "to 8 bits",
    make: (n) => n.requantize(n.requantize(n.linear(), "i16"), "i8", { identity: n.residual() }),
    instructions: ["linear_i8", "requantize"],
    because: "its results are i8",
  },
  {
    of: "to 32 bits",
    make: (n) => n.requantize(n.requantize(n.linear(), "i16"), "i32", { identity: n.residual() }),
    instructions: ["linear_i8", "requantize"],
    because: "its results are i32",
  },
  {
    of: "with a zero point of the sum",
    make: (n) =>
      n.requantize(n.requantize(n.linear(), "i16"), "i16", {
        identity: n.residual(),
        zeroPoint: true,
      }),
    instructions: ["linear_i8", "requantize"],
    because: "it has a zero point",
  },
  {
    of: "with a zero point of the layer",
    make: (n) =>
      n.requantize(n.requantize(n.linear(), "i16", { zeroPoint: true }), "i16", {
        identity: n.residual(),
      }),
    instructions: ["linear_i8", "requantize"],
    because: "the layer has a zero point",
  },
  {
    of: "with multipliers of the sum by column",
    make: (n) =>
      n.requantize(n.requantize(n.linear(), "i16"), "i16", {
        identity: n.residual(),
        columns: COLUMNS,
      }),
    instructions: ["linear_i8", "requantize"],
    because: "channels have scales of their own",
  },
  {
    of: "what repeats over rows",
    make: (n) =>
      n.requantize(n.requantize(n.linear(), "i16"), "i16", { identity: n.constant("i8", COLUMNS) }),
    instructions: ["linear_i8", "requantize"],
    because: "the residual repeats",
  },
  {
    of: "of 32 bits",
    make: (n) =>
      n.requantize(n.requantize(n.linear(), "i16"), "i16", {
        identity: n.constant("i32", ROWS, COLUMNS),
      }),
    instructions: ["linear_i8", "requantize"],
    because: "the residual has 32 bits",
  },
  {
    of: "two of them",
    make: (n) =>
      n.requantize(n.requantize(n.linear(), "i16", { identity: n.residual() }), "i16", {
        identity: n.x,
      }),
    instructions: ["linear_i8", "requantize", "requantize"],
    because: "two residuals are added",
  },
  {
    of: "where the layer has 8 bits",
    make: (n) => n.requantize(n.requantize(n.linear(), "i8"), "i16", { identity: n.residual() }),
    instructions: ["linear_i8", "requantize"],
    because: "the layer's results are i8",
  },
  {
    of: "where the layer is an output",
    make: (n) => {
      const layer = n.output(n.requantize(n.linear(), "i16"), "layer");
      return n.requantize(layer, "i16", { identity: n.residual() });
    },
    instructions: ["linear_i8", "requantize", "copy"],
    because: "value 6 is an output",
  },
  {
    of: "where the sums are read twice",
    make: (n) => {
      const sums = n.linear();
      n.output(n.requantize(sums, "i8"), "other");
      return n.requantize(n.requantize(sums, "i16"), "i16", { identity: n.residual() });
    },
    instructions: ["linear_i8", "requantize", "requantize", "requantize"],
    because: "2 nodes read value 3",
  },
  {
    of: "after a norm",
    make: (n) => n.requantize(n.requantize(n.norm(n.x), "i16"), "i16", { identity: n.residual() }),
    instructions: ["layer_norm_i16", "requantize"],
    because: "value 2 comes from LayerNormInteger, not LinearInteger",
  },
]);
