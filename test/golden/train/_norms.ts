/** Normalisations of the oracle. */
import type { Value } from "../../../src/graph/graph.ts";
import {
  batchNormalization,
  layerNormalization,
  rmsNormalization,
} from "../../../src/graph/ops/mod.ts";
import { trainedBatchNormalization } from "../../../src/training/layers/batch_normalization.ts";
import { batchRenormalization } from "../../../src/training/layers/batch_renormalization.ts";
import {
  groupNormalization,
  instanceNormalization,
} from "../../../src/training/layers/group_normalization.ts";
import { channelsFirst, channelsLast } from "./_layouts.ts";
import type { Build } from "./_oracle.ts";

/** By the oracle's name of the op. */
export const NORMS: Readonly<Record<string, Build>> = {
  BatchNormalization(build, inputs, attributes): Record<string, Value> {
    const { epsilon, training } = attributes;
    const norm = {
      x: channelsLast(build, inputs.x),
      scale: inputs.gamma,
      bias: inputs.beta,
      mean: inputs.running_mean,
      variance: inputs.running_var,
    };
    if (!training) {
      const y = build.graph.apply(batchNormalization, norm, { epsilon });
      return { y: channelsFirst(build, y) };
    }
    const outputs = trainedBatchNormalization(build, norm, {
      epsilon,
      momentum: attributes["running = (1 - m) running + m batch, m"],
      unbiased: attributes.running_var.startsWith("unbiased"),
    });
    return {
      y: channelsFirst(build, outputs.y),
      mean: outputs.mean,
      var: outputs.variance,
      new_running_mean: outputs.runningMean,
      new_running_var: outputs.runningVariance,
    };
  },
  LayerNormalization: (build, { x, gamma, beta }, { epsilon }) => ({
    y: build.graph.apply(layerNormalization, { x, scale: gamma, bias: beta }, { epsilon }),
  }),
  GroupNormalization(build, { x, gamma, beta }, { num_groups: groups, epsilon }) {
    const inputs = { x: channelsLast(build, x), scale: gamma, bias: beta };
    return { y: channelsFirst(build, groupNormalization(build, inputs, { groups, epsilon })) };
  },
  InstanceNormalization(build, { x, gamma, beta }, { epsilon }) {
    const inputs = { x: channelsLast(build, x), scale: gamma, bias: beta };
    return { y: channelsFirst(build, instanceNormalization(build, inputs, { epsilon })) };
  },
  RMSNormalization: (build, { x, gamma }, { epsilon }) => ({
    y: build.graph.apply(rmsNormalization, { x, gamma }, { epsilon }),
  }),
  NoNorm: (build, { x, gamma, beta }) => ({ y: build.add(build.mul(x, gamma), beta) }),
  BatchRenorm(build, inputs, { epsilon, r_max, d_max, rate }) {
    const outputs = batchRenormalization(build, {
      x: channelsLast(build, inputs.x),
      scale: inputs.gamma,
      bias: inputs.beta,
      runningMean: inputs.running_mean,
      runningDeviation: inputs.running_std,
    }, { epsilon, mostRatio: r_max, mostShift: d_max, rate });
    return {
      y: channelsFirst(build, outputs.y),
      r: outputs.ratio,
      d: outputs.shift,
      new_running_mean: outputs.runningMean,
      new_running_std: outputs.runningDeviation,
    };
  },
};
