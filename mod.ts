/**
 * fewbit runs few-bit neural networks anywhere WebAssembly runs, with the same bits everywhere.
 *
 * Most users want {@linkcode TextGenerator}, {@linkcode TextEmbedder} or
 * {@linkcode ImageClassifier}. Below them lie {@linkcode Graph} and {@linkcode compile} to write
 * networks, {@linkcode load} to run programs, and the quantisers.
 *
 * @example
 * ```ts
 * import { ImageClassifier } from "@fewbit/fewbit";
 *
 * using model = await ImageClassifier.fromPretrained();
 * const { label, score } = await model.classify("examples/fashion/000-ankle-boot.png");
 * console.log(label, score);
 * ```
 *
 * @module
 */
export { FewbitError } from "./src/errors.ts";
export type { ErrorCode } from "./src/errors.ts";
export type { DType, DTypeData, LazyTensor, Tensor, TensorData } from "./src/tensor.ts";

export { ImageClassifier } from "./src/pipelines/image/image_classifier.ts";
export type {
  CanvasSource,
  Classification,
  ClassifierOptions,
  ImageInput,
  LabelScore,
  ModelSource,
  PixelSource,
} from "./src/pipelines/image/image_classifier.ts";
export { TextGenerator } from "./src/pipelines/text/text_generator.ts";
export type { GeneratorOptions } from "./src/pipelines/text/text_generator.ts";
export { GenerationModel } from "./src/pipelines/text/generation_model.ts";
export type { Prompt } from "./src/pipelines/text/generation_model.ts";
export type { SessionLimits } from "./src/pipelines/text/session_limits.ts";
export { TextSession } from "./src/pipelines/text/text_session.ts";
export type { ChatAnswerOptions, GenerateOptions } from "./src/pipelines/text/text_session.ts";
export type { TextPiece, Usage } from "./src/pipelines/text/text_piece.ts";
export { TextScheduler } from "./src/pipelines/text/text_scheduler.ts";
export type { SchedulerOptions } from "./src/pipelines/text/text_scheduler.ts";
export type { BatchModel, BatchPart, BatchSampler } from "./src/pipelines/text/batch_model.ts";
export type { TokenConstraint } from "./src/text/token_constraint.ts";
export type { GeneratedToken, GenerationOptions, GenerationSetup } from "./src/text/generation.ts";
export type { IntegerDraw } from "./src/text/integer_draw.ts";
export type { Perplexity, PerplexityOptions } from "./src/pipelines/text/perplexity.ts";
export { readCheckpointFolder } from "./src/checkpoints/checkpoint_folder.ts";
export type { CheckpointFolder } from "./src/checkpoints/checkpoint_folder.ts";
export {
  compileFloatVision,
  compileTaps,
  convertVision,
  preprocessingOf,
  quantizeVision,
} from "./src/compile/vision.ts";
export type { CompiledVision, QuantizeVisionOptions } from "./src/compile/vision.ts";
export {
  calibrateEncoder,
  compileEncoder,
  compileEncoderTaps,
  compileFloatEncoder,
} from "./src/compile/encoder.ts";
export type { CalibrateEncoderOptions, CompileEncoderOptions } from "./src/compile/encoder.ts";
export { readEncoderFolder } from "./src/checkpoints/encoder_folder.ts";
export type { EncoderCheckpoint, EncoderFolder } from "./src/checkpoints/encoder_folder.ts";
export type { EncoderFiles } from "./src/models/bert_config.ts";
export type { SentenceFiles, Similarity } from "./src/models/sentence_config.ts";
export type { EncoderQuantization } from "./src/quantize/bert.ts";
export { readEncoderScales, writeEncoderScales } from "./src/quantize/encoder_scales.ts";
export type { EncoderScales } from "./src/quantize/encoder_scales.ts";
export { unitVector } from "./src/pipelines/embedding/unit_vector.ts";

export { openTextCheckpoint } from "./src/checkpoints/text_checkpoint.ts";
export type {
  TextCheckpoint,
  TextCheckpointOptions,
  TextFiles,
} from "./src/checkpoints/text_checkpoint.ts";
export { compileTextModel } from "./src/compile/text.ts";
export type { CompileTextOptions } from "./src/compile/text.ts";
export type { CompiledText } from "./src/compile/text.ts";
export {
  calibrateTextModel,
  compareIntegerText,
  compileIntegerText,
  parametersOfRanges,
} from "./src/compile/integer_text.ts";
export type { CalibrateTextOptions } from "./src/compile/integer_text.ts";
export { CalibrationThread, serveCalibration } from "./src/quantize/calibration_thread.ts";
export type { BlockResult, BlockTask, SeenOutput, Wanted } from "./src/quantize/block_runner.ts";
export type { WorkerLike } from "./src/quantize/thread_port.ts";
export type { LogitComparison } from "./src/quantize/compare_logits.ts";
export type { Shrinking, SiteChoice, Smoothing } from "./src/quantize/decoder_calibrate.ts";
export type {
  DecoderGrid,
  DecoderGrids,
  DecoderPrefix,
  DecoderRotation,
} from "./src/quantize/decoder_grids.ts";
export { readDecoderParams, writeDecoderParams } from "./src/quantize/decoder_params.ts";
export type { DecoderParams, ReadParams } from "./src/quantize/decoder_params.ts";
export type { ChannelRange, DecoderRanges } from "./src/quantize/decoder_ranges.ts";
export type { QuantizeLlamaOptions } from "./src/quantize/mobile_quant.ts";
export type { RoundedWeight } from "./src/quantize/rounded_weights.ts";
export type { LanguageBits, ShiftedWeight } from "./src/quantize/shifted_weights.ts";
export type { GenerationDefaults, TextMetadata } from "./src/compile/text_metadata.ts";
export { stripLeftPadding } from "./src/pipelines/text/left_padding.ts";
export { lazyWeights } from "./src/models/language_weights.ts";
export type { LazyWeight } from "./src/formats/ternary/ternary_tensor.ts";
export type { LazyWeights } from "./src/models/language_weights.ts";
export { TextEmbedder } from "./src/pipelines/embedding/text_embedder.ts";
export type { EmbedderOptions } from "./src/pipelines/embedding/text_embedder.ts";
export { EmbeddingModel } from "./src/pipelines/embedding/embedding_model.ts";
export type {
  EmbeddingInput,
  Embeddings,
  EmbedOptions,
} from "./src/pipelines/embedding/embedding_model.ts";
export type { BatchLimits } from "./src/pipelines/embedding/batch_limits.ts";
export {
  EMBEDDING_FORMATS,
  toEmbeddingFormat,
} from "./src/pipelines/embedding/embedding_format.ts";
export type {
  Embedding,
  EmbeddingFormat,
  EmbeddingRows,
} from "./src/pipelines/embedding/embedding_format.ts";
export { quantizeEncoder } from "./src/compile/encoder_folder.ts";
export type { QuantizeEncoderOptions } from "./src/compile/encoder_folder.ts";

export { Graph } from "./src/graph/graph.ts";
export type {
  Attribute,
  Constant,
  Extent,
  GraphOutput,
  GraphSymbol,
  GraphUpdate,
  InputCheck,
  Node,
  NodeNames,
  SymbolicExtent,
  Value,
} from "./src/graph/graph.ts";
export type { Master, Storage } from "./src/graph/storage.ts";
export type { HalfType } from "./src/numeric/half.ts";
export type { AnyOp, InputsOf, Op, Traits, ValueType } from "./src/graph/op.ts";
export * as ops from "./src/graph/ops/mod.ts";
export { quantizeTernary } from "./src/quantize/ternary_network.ts";
export type { TernaryOptions } from "./src/quantize/ternary_network.ts";
export { calibrate } from "./src/quantize/calibrate.ts";
export type { CalibrateOptions, CalibrateRunsOptions } from "./src/quantize/calibrate.ts";
export { quantizeIVit } from "./src/quantize/i_vit.ts";
export type { IVitOptions } from "./src/quantize/i_vit.ts";
export type {
  IntegerNetwork,
  ScaleRule,
  Scales,
  SiteCodes,
  SiteSource,
} from "./src/quantize/integer_network.ts";
export type { Grid, Site } from "./src/quantize/sites.ts";
export { quantizeParameters } from "./src/quantize/integer_parameters.ts";
export type { BiasRoom, IntegerParameters } from "./src/quantize/integer_parameters.ts";
export type { QuantizedNorm, QuantizedWeight } from "./src/quantize/integer_constants.ts";
export type { ObserverKind } from "./src/quantize/observer.ts";
export { gradients } from "./src/gradients/gradients.ts";
export type { GradientOptions } from "./src/gradients/gradients.ts";
export { gradcheck } from "./src/training/gradcheck.ts";
export type { GradcheckOptions, GradientCheck } from "./src/training/gradcheck.ts";
export type { ConvolutionAttributes } from "./src/graph/convolution.ts";
export type { PoolingAttributes } from "./src/graph/pooling.ts";
export type { AveragePoolAttributes } from "./src/graph/ops/average_pool.ts";
export { UNARY_FUNCTIONS } from "./src/instructions/unary_functions.ts";
export type { UnaryFunction } from "./src/instructions/unary_functions.ts";
export { compile } from "./src/lower/compile.ts";
export type { CompileOptions } from "./src/lower/compile.ts";
export type { FusionReport } from "./src/lower/fusion.ts";
export { encodeProgram } from "./src/program/encode.ts";
export type * from "./src/program/program.ts";
export { CHECKS } from "./src/instructions/codes.ts";
export { LAYOUTS } from "./src/layouts/mod.ts";
export type { Check } from "./src/instructions/codes.ts";
export type { Layout } from "./src/layouts/mod.ts";
export { expectTensor } from "./src/engines/expect_tensor.ts";
export { ENGINES, load, SYNC_ENGINES } from "./src/engines/load.ts";
export { readParts } from "./src/engines/parts.ts";
export type { FilePart, PartsIndex, ReadPartsOptions } from "./src/engines/parts.ts";
export type {
  EngineName,
  EngineOptions,
  SyncEngineName,
  SyncEngineOptions,
} from "./src/engines/load.ts";
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
} from "./src/engines/engine.ts";

export {
  readSafetensors,
  readShardedSafetensors,
  writeSafetensors,
} from "./src/formats/safetensors.ts";
export { openGguf, readGguf } from "./src/formats/gguf.ts";
export type {
  Gguf,
  GgufFileTensor,
  GgufTensor,
  GgufTensorInfo,
  GgufValue,
} from "./src/formats/gguf.ts";
export { blobAccess, fileAccess } from "./src/formats/random_access.ts";
export type { RandomAccess, SeekableFile } from "./src/formats/random_access.ts";
export {
  decodeHuggingFace,
  encodeHuggingFace,
  huggingFaceScale,
  readHuggingFaceTernary,
} from "./src/formats/ternary/hugging_face.ts";
export type { HuggingFaceScale } from "./src/formats/ternary/hugging_face.ts";
export { decodeI2S, encodeI2S } from "./src/formats/ternary/i2_s.ts";
export type { TernaryTensor } from "./src/formats/ternary/ternary_tensor.ts";
export { decodeTQ1, encodeTQ1 } from "./src/formats/ternary/tq1_0.ts";
export { decodeTQ2, encodeTQ2 } from "./src/formats/ternary/tq2_0.ts";
export { tokenizerFromGguf } from "./src/text/gguf_tokenizer.ts";
export type { GgufTokenizer } from "./src/text/gguf_tokenizer.ts";
export { TensorMap } from "./src/formats/tensor_map.ts";
export { openSafetensors, openShardedSafetensors } from "./src/formats/safetensors_file.ts";
export { readPth } from "./src/formats/pth.ts";
export type { ReadPthOptions } from "./src/formats/pth.ts";
export { readIdx } from "./src/formats/idx.ts";
export type { ReadIdxOptions } from "./src/formats/idx.ts";
export { readNpy, writeNpy } from "./src/formats/npy.ts";

export { decodeImage } from "./src/vision/decode.ts";
export type { DecodeOptions } from "./src/vision/decode.ts";
export type { Image } from "./src/vision/image.ts";
export { INTERPOLATIONS, resize } from "./src/vision/resize.ts";
export type { Interpolation } from "./src/vision/resize.ts";
export { normalizePixels, preparePixels } from "./src/vision/preprocess.ts";
export type { Preprocessing, ResizeMode } from "./src/vision/preprocess.ts";
export { preprocessingFromConfig } from "./src/vision/preprocess_config.ts";
export { centerCrop, resizeShorterSide } from "./src/vision/crop.ts";
export { toChannels } from "./src/vision/image.ts";
export { listImages } from "./src/vision/load_folder.ts";
export type { ImageFile, ImageFolder } from "./src/vision/load_folder.ts";

export { Tokenizer } from "./src/text/tokenizer.ts";
export type {
  SpecialToken,
  TokenizerDecodeOptions,
  TokenizerEncodeOptions,
  TokenizerEncoding,
} from "./src/text/tokenizer.ts";
export { readTokenizer } from "./src/checkpoints/tokenizer_folder.ts";
export { applyChatTemplate, ChatTemplate } from "./src/text/chat_template.ts";
export type { ChatMessage, ChatOptions } from "./src/text/chat_template.ts";
export { ChatEncoder } from "./src/text/chat_encoder.ts";
export { ControlMarks } from "./src/text/control_marks.ts";
export { Detokenizer } from "./src/text/detokenizer.ts";
export type { DetokenizerOptions, DetokenizerState } from "./src/text/detokenizer.ts";
export { StopStrings } from "./src/text/stop_strings.ts";
export type { StopResult } from "./src/text/stop_strings.ts";
export { sample } from "./src/text/sampler.ts";
export type { Sample, SamplerState, TokenLogprob } from "./src/text/sampler.ts";
export type { SamplingOptions } from "./src/text/sampling_options.ts";
export { RandomStream } from "./src/text/random.ts";
export { RecentIds } from "./src/text/recent_ids.ts";
