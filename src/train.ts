/**
 * Training where a network runs: gradients of a graph, losses, optimisers, and a trainer with the WebAssembly module for
 * it, which no other entry carries.
 *
 * @example
 * ```ts
 * import { arrayData, crossEntropy, Graph, NodeBuilder, ops, Trainer } from "@fewbit/fewbit/train";
 *
 * const graph = new Graph();
 * const x = graph.input("x", "f32", [2, 4]);
 * const labels = graph.input("labels", "i32", [2], { check: "below", limit: 3 });
 * const weight = graph.parameter("weight", {
 *   dtype: "f32",
 *   shape: [3, 4],
 *   data: new Float32Array(12),
 * });
 * const logits = graph.apply(ops.linear, { x, weight });
 * graph.output("logits", logits);
 * const loss = crossEntropy(new NodeBuilder(graph), logits, labels);
 *
 * using trainer = await Trainer.load(graph, { loss, rate: 0.1 });
 * const data = arrayData({ x: new Float32Array(40).fill(1), labels: new Int32Array(10) }, 10);
 * for await (const { step, loss } of trainer.fit(data, { epochs: 2 })) console.log(step, loss);
 * ```
 *
 * @module
 */
import { loadWasm } from "./engines/wasm/load.ts";
import type { ProgramSource } from "./engines/wasm/load.ts";
import { trainBuild } from "./engines/wasm/train_module.ts";
import type { LoadOptions, SyncInstance } from "./engines/engine.ts";

/**
 * Loads a program that was compiled with `training: true`: one that trains, or a network of ops that only the module for
 * training has, such as a convolutional one in float32.
 *
 * @param source The bytes of a `model.fewbit` file, a `Response`, `Blob` or stream of them, or its parts in order.
 * @throws {FewbitError} Where the file is damaged, not safe to run, or larger than the limits; `unsupported` where this
 * host does not run the module.
 */
export function load(source: ProgramSource, options: LoadOptions = {}): Promise<SyncInstance> {
  return loadWasm(source, { ...options, build: trainBuild() });
}

export { expectTensor } from "./engines/expect_tensor.ts";
export { FewbitError } from "./errors.ts";
export type { ErrorCode } from "./errors.ts";
export { Graph } from "./graph/graph.ts";
export type * from "./graph/graph.ts";
export type { Master, Storage } from "./graph/storage.ts";
export type { HalfType } from "./numeric/half.ts";
export type * from "./graph/op.ts";
export type { ConvolutionAttributes } from "./graph/convolution.ts";
export type { PoolingAttributes } from "./graph/pooling.ts";
export type { AveragePoolAttributes } from "./graph/ops/average_pool.ts";
export { NodeBuilder } from "./graph/node_builder.ts";
export * as ops from "./graph/ops/mod.ts";
export type { BatchNormInputs } from "./graph/expand_batch_normalization.ts";
export { UNARY_FUNCTIONS } from "./instructions/unary_functions.ts";
export type { UnaryFunction } from "./instructions/unary_functions.ts";
export { compile } from "./lower/compile.ts";
export type { CompileOptions } from "./lower/compile.ts";
export type { FusionReport } from "./lower/fusion.ts";
export { encodeProgram } from "./program/encode.ts";
export type * from "./program/program.ts";
export type { Check } from "./instructions/codes.ts";
export type { Layout } from "./layouts/mod.ts";
export { gradients } from "./gradients/gradients.ts";
export type { GradientOptions } from "./gradients/gradients.ts";
export { gradcheck } from "./training/gradcheck.ts";
export type { GradcheckOptions, GradientCheck } from "./training/gradcheck.ts";

export { Trainer } from "./training/trainer.ts";
export type {
  FitOptions,
  SaveOptions,
  TrainerSettings,
  TrainingStep,
} from "./training/trainer_options.ts";
export { MEMORY_KINDS } from "./training/training_memory.ts";
export type { MemoryKind, RecomputedOp, TrainingMemory } from "./training/training_memory.ts";
export type { Evaluation, EvaluationOptions } from "./training/evaluate.ts";
export { arrayData } from "./training/training_data.ts";
export type { BatchPlace, TrainingData } from "./training/training_data.ts";
export { augmented } from "./training/augmented.ts";
export type { Augmentation, AugmentationSettings } from "./training/augmented.ts";
export { textWindows } from "./training/text_windows.ts";
export { languageGraph, languageLoss, languageTrainer } from "./training/language_model.ts";
export type {
  LanguageFamily,
  LanguageGraph,
  LanguageModel,
  LanguageTraining,
} from "./training/language_model.ts";
export type { LanguageSizes } from "./training/networks/language_sizes.ts";
export { encodeLanguageFacts, languageFiles } from "./training/language_checkpoint.ts";
export type { LanguageFacts, LanguageFiles } from "./training/language_checkpoint.ts";
export { ContinualClassifier } from "./training/continual/continual_classifier.ts";
export type { ContinualSettings } from "./training/continual/continual_classifier.ts";
export type { LatentType } from "./training/continual/latent_codes.ts";
export type { RenormLimits } from "./training/continual/renorm_limits.ts";
export { QuantizedTrainer } from "./compile/quantized_training.ts";
export type {
  ForwardCodes,
  QuantizedStep,
  QuantizedTrainingSettings,
} from "./compile/quantized_training.ts";
export type { CompiledVision } from "./compile/vision.ts";
export type { CheckpointFolder } from "./checkpoints/checkpoint_folder.ts";
export { fineTuning } from "./training/fine_tuning.ts";
export type { FineTuning, FineTuningOptions } from "./training/fine_tuning.ts";
export { addAdapters } from "./training/lora.ts";
export type { AdaptedGraph, Adapter, LoraSettings } from "./training/lora.ts";
export { decodeAdapters, encodeAdapters, mergeAdapters } from "./training/adapters.ts";
export type { TrainedAdapters } from "./training/adapters.ts";
export { trainingGraph } from "./training/training_graph.ts";
export type { ParameterGroup, TrainingSettings } from "./training/training_graph.ts";
export type { MasterKind, SumsKind, TrainingType } from "./training/half_precision.ts";
export type { LossScale } from "./training/loss_scale.ts";
export type { Cursor } from "./training/checkpoint.ts";
export type { Optimizer } from "./training/optimizers/optimizer.ts";
export type { PlateauSchedule, PlateauSettings } from "./training/optimizers/plateau.ts";
export type { Schedule } from "./training/optimizers/schedule.ts";

export { learnIntegerText } from "./compile/end_to_end/learn_text.ts";
export { LearningThread, serveLearning } from "./compile/end_to_end/learning_thread.ts";
export type {
  LearnedText,
  LearningProgress,
  LearnTextOptions,
} from "./compile/end_to_end/learn_text.ts";
export { readLearningState, writeLearningState } from "./compile/end_to_end/learning_state.ts";
export type { LearningState } from "./compile/end_to_end/learning_state.ts";

export {
  crossEntropy,
  distillation,
  negativeLogLikelihood,
  softCrossEntropy,
} from "./training/losses/cross_entropy.ts";
export type { CrossEntropySettings, Reduction } from "./training/losses/cross_entropy.ts";
export {
  berHu,
  binaryCrossEntropy,
  huber,
  meanAbsoluteError,
  meanSquaredError,
} from "./training/losses/regression.ts";

export { attention } from "./training/layers/attention.ts";
export type { AttentionSettings } from "./training/layers/attention.ts";
export { batchRenormalization } from "./training/layers/batch_renormalization.ts";
export type {
  BatchRenormInputs,
  BatchRenormOutputs,
  BatchRenormSettings,
} from "./training/layers/batch_renormalization.ts";
export {
  groupNormalization,
  instanceNormalization,
} from "./training/layers/group_normalization.ts";
export type { GroupNormInputs } from "./training/layers/group_normalization.ts";
export { gru, rnn } from "./training/layers/recurrent.ts";
export type { RecurrentInputs } from "./training/layers/recurrent.ts";
export { resize } from "./training/layers/resize.ts";
export type { ResizeMode } from "./training/layers/resize.ts";

export { dsCnn } from "./models/ds_cnn.ts";
export type { DsCnnSettings } from "./models/ds_cnn.ts";
export { miniResNet } from "./training/networks/mini_resnet.ts";
export { mobileNetV1 } from "./training/networks/mobilenet_v1.ts";
export type { MobileNetV1Settings } from "./training/networks/mobilenet_v1.ts";
export { tinyVit } from "./training/networks/tiny_vit.ts";
export type { TinyVitSettings } from "./training/networks/tiny_vit.ts";
export { resNet8 } from "./models/resnet8.ts";
export { TrainedLayers, uniform } from "./models/trained_layers.ts";
export type { Initialize, Normalization, Start } from "./models/trained_layers.ts";

export type {
  DotForm,
  Execution,
  Inputs,
  Instance,
  LoadOptions,
  Outputs,
  RunOptions,
  StateSnapshot,
  SyncInstance,
  SyncRunOptions,
} from "./engines/engine.ts";
export type { ProgramPart, ProgramSource } from "./engines/wasm/load.ts";
export type { DType, DTypeData, LazyTensor, Tensor, TensorData } from "./tensor.ts";
