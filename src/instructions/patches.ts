import { defineInstruction } from "./_define.ts";

/**
 * Cuts images into square patches: one row of `patch·patch·channels` elements for each, rows of
 * patches first. Within a row the order is (y, x, channel) whatever the order of the input:
 * `channels_last` is B×H×W×C, `channels_first` is B×C×H×W.
 */
export const patches = defineInstruction({
  name: "patches",
  opcode: 7,
  family: "vision",
  category: "movement",
  operands: [
    { name: "x", role: "in", dtypes: ["i8", "f32"], shape: "B I W" },
    { name: "y", role: "out", dtypes: ["i8", "f32"], shape: "B P K" },
  ],
  attributes: [
    { name: "height", min: 1, max: 1 << 15 },
    { name: "width", min: 1, max: 1 << 15 },
    { name: "channels", min: 1, max: 1 << 10 },
    { name: "patch", min: 1, max: 1 << 10 },
    { name: "order", min: 0, max: 1, values: ["channels_last", "channels_first"] },
  ],
  sameDtype: ["x", "y"],
  extents: [
    { rule: "equal", left: ["I", "W"], right: ["@height", "@width", "@channels"] },
    { rule: "equal", left: ["P", "K"], right: ["@height", "@width", "@channels"] },
    { rule: "equal", left: ["K"], right: ["@patch", "@patch", "@channels"] },
    { rule: "divides", left: ["@patch"], right: ["@height"] },
    { rule: "divides", left: ["@patch"], right: ["@width"] },
  ],
  work: ["B", "P", "K"],
  split: "B P",
});
