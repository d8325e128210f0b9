import { testFusion } from "../_check.ts";
import { COLUMNS, IntegerNet } from "../_integer_net.ts";

testFusion("layer and table", () => new IntegerNet(), [
  {
    of: "of 8 bits",
    make: (n) => n.lookup(n.requantize(n.linear(), "i8")),
    instructions: ["linear_i8"],
  },
  {
    of: "by column, with a zero point",
    make: (n) => n.lookup(n.requantize(n.linear(), "i8", { columns: COLUMNS, zeroPoint: true })),
    instructions: ["linear_i8"],
  },
  {
    of: "of 16 bits",
    make: (n) => n.lookup(n.requantize(n.linear(), "i8"), "i16"),
    instructions: ["linear_i8", "lookup"],
    because: "the table has i16 elements",
  },
  {
    of: "one for each channel",
    make: (n) => n.lookup(n.requantize(n.linear(), "i8"), "i8", COLUMNS),
    instructions: ["linear_i8", "lookup"],
    because: "channels have tables of their own",
  },
  {
    of: "where the codes are an output",
    make: (n) => n.lookup(n.output(n.requantize(n.linear(), "i8"), "codes")),
    instructions: ["linear_i8", "lookup", "copy"],
    because: "value 6 is an output",
  },
  {
    of: "where the codes are read twice",
    make: (n) => {
      const codes = n.requantize(n.linear(), "i8");
      n.output(n.lookup(codes, "i16"), "other");
      return n.lookup(codes);
    },
    instructions: ["linear_i8", "lookup", "lookup"],
    because: "2 nodes read value 6",
  },
  {
    of: "after a residual",
    make: (n) => n.lookup(n.requantize(n.linear(), "i8", { identity: n.residual() })),
    instructions: ["linear_i8", "requantize", "lookup"],
    because: "a residual is added",
  },
  {
    of: "after a norm",
    make: (n) => n.lookup(n.requantize(n.norm(n.x), "i8")),
    instructions: ["layer_norm_i16", "lookup"],
    because: "value 2 comes from LayerNormInteger, not LinearInteger",
  },
]);
