import assert from "node:assert/strict";
import type { Preprocessing } from "../../src/vision/preprocess.ts";
import { preprocessingFromConfig } from "../../src/vision/preprocess_config.ts";

const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const HALF = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };

type Config = Record<string, unknown>;

function check(expected: Preprocessing, config: Config, processor?: Config): void {
  const result = preprocessingFromConfig(config, processor);
  assert.deepEqual(result, expected);
  assert.deepEqual(JSON.parse(JSON.stringify(result)), expected);
}

Deno.test("preprocessingFromConfig reads timm's pretrained_cfg", () => {
  const config = {
    architecture: "vit_base_patch16_384",
    num_classes: 1000,
    pretrained_cfg: {
      input_size: [3, 384, 384],
      interpolation: "bicubic",
      crop_pct: 1.0,
      crop_mode: "center",
      mean: HALF.mean,
      std: HALF.std,
    },
  };
  check({
    inputSize: [3, 384, 384],
    ...HALF,
    interpolation: "bicubic",
    resize: { mode: "shorter_side", size: 384 },
    centerCrop: true,
  }, config);
});

Deno.test("preprocessingFromConfig reads timm's fields at the top and rounds the resize down", () => {
  const config = {
    architecture: "swin",
    input_size: [3, 224, 224],
    crop_pct: 0.9,
    interpolation: "bilinear",
  };
  check({
    inputSize: [3, 224, 224],
    ...IMAGENET,
    interpolation: "bilinear",
    resize: { mode: "shorter_side", size: 248 },
    centerCrop: true,
  }, config);
});

Deno.test("preprocessingFromConfig takes ImageNet's for all that timm leaves out", () => {
  check({
    inputSize: [3, 224, 224],
    ...IMAGENET,
    interpolation: "bicubic",
    resize: { mode: "shorter_side", size: 256 },
    centerCrop: true,
  }, { architecture: "deit_tiny_patch16_224" });
});

Deno.test("preprocessingFromConfig reads timm's squash mode and one channel", () => {
  check({
    inputSize: [1, 96, 128],
    mean: [0.449],
    std: [0.226],
    interpolation: "bicubic",
    resize: { mode: "stretch", height: 120, width: 160 },
    centerCrop: true,
  }, { input_size: [1, 96, 128], crop_pct: 0.8, crop_mode: "squash" });
});

Deno.test("preprocessingFromConfig reads the flat config of vit-fashion-mnist", () => {
  check(
    {
      inputSize: [1, 28, 28],
      mean: [0.2860],
      std: [0.3530],
      interpolation: "bicubic",
      resize: { mode: "stretch", height: 28, width: 28 },
      centerCrop: false,
    },
    {
      architecture: "vit_fashion_mnist_patch4_28",
      image_size: 28,
      patch_size: 4,
      num_channels: 1,
      image_mean: [0.2860],
      image_std: [0.3530],
    },
  );
});

const DEIT_CONFIG = { model_type: "deit", image_size: 224, num_channels: 3 };

Deno.test("preprocessingFromConfig reads a ViT of Hugging Face, with sizes old and new", () => {
  const expected: Preprocessing = {
    inputSize: [3, 224, 224],
    ...HALF,
    interpolation: "bilinear",
    resize: { mode: "stretch", height: 224, width: 224 },
    centerCrop: false,
  };
  for (const size of [224, { height: 224, width: 224 }]) {
    check(expected, {}, {
      do_normalize: true,
      do_rescale: true,
      do_resize: true,
      image_mean: HALF.mean,
      image_processor_type: "ViTImageProcessor",
      image_std: HALF.std,
      resample: 2,
      rescale_factor: 0.00392156862745098,
      size,
    });
  }
});

Deno.test("preprocessingFromConfig stretches for DeiT and keeps the aspect ratio for CLIP, then cuts", () => {
  const fields = {
    crop_size: 224,
    do_center_crop: true,
    image_mean: IMAGENET.mean,
    image_std: IMAGENET.std,
    resample: 3,
  };
  const expected: Preprocessing = {
    inputSize: [3, 224, 224],
    ...IMAGENET,
    interpolation: "bicubic",
    resize: { mode: "stretch", height: 256, width: 256 },
    centerCrop: true,
  };
  check(expected, DEIT_CONFIG, {
    ...fields,
    size: 256,
    feature_extractor_type: "DeiTFeatureExtractor",
  });
  const shorter = { ...expected, resize: { mode: "shorter_side", size: 256 } } as const;
  check(shorter, {}, { ...fields, size: 256, feature_extractor_type: "CLIPFeatureExtractor" });
  check(shorter, {}, {
    ...fields,
    crop_size: { height: 224, width: 224 },
    size: { shortest_edge: 256 },
  });
});

Deno.test("preprocessingFromConfig takes the defaults of the classes of ViT and DeiT", () => {
  for (const suffix of ["ImageProcessor", "ImageProcessorFast", "FeatureExtractor"]) {
    for (const channels of [1, 3]) {
      const of = (name: string) =>
        preprocessingFromConfig({ num_channels: channels }, {
          image_processor_type: `${name}${suffix}`,
        });
      const half = Array(channels).fill(0.5);
      const common = { inputSize: [channels, 224, 224], mean: half, std: half };
      assert.deepEqual(of("ViT"), {
        ...common,
        interpolation: "bilinear",
        resize: { mode: "stretch", height: 224, width: 224 },
        centerCrop: false,
      });
      assert.deepEqual(of("DeiT"), {
        ...common,
        interpolation: "bicubic",
        resize: { mode: "stretch", height: 256, width: 256 },
        centerCrop: true,
      });
    }
  }
});

Deno.test("preprocessingFromConfig follows ConvNext's crop_pct", () => {
  const processor = {
    image_processor_type: "ConvNextImageProcessor",
    resample: 3,
    crop_pct: 0.875,
  };
  const small = preprocessingFromConfig({}, { ...processor, size: { shortest_edge: 224 } });
  assert.deepEqual(small.resize, { mode: "shorter_side", size: 256 });
  assert.deepEqual([small.inputSize, small.centerCrop], [[3, 224, 224], true]);
  const large = preprocessingFromConfig({}, { ...processor, size: { shortest_edge: 384 } });
  assert.deepEqual(large.resize, { mode: "stretch", height: 384, width: 384 });
});

Deno.test("preprocessingFromConfig folds switches of Hugging Face into mean and std", () => {
  const size = 32;
  const raw = preprocessingFromConfig({}, { size, do_normalize: false });
  assert.deepEqual([raw.mean, raw.std], [[0, 0, 0], [1, 1, 1]]);
  const bytes = preprocessingFromConfig({}, { size, do_normalize: false, do_rescale: false });
  assert.deepEqual(bytes.std, [1 / 255, 1 / 255, 1 / 255]);
  const signed = preprocessingFromConfig({}, {
    size,
    rescale_factor: 2 / 255,
    image_mean: 1,
    image_std: 1,
  });
  assert.deepEqual([signed.mean, signed.std], [HALF.mean, HALF.std]);
  const fixed = preprocessingFromConfig({ image_size: 48 }, { do_resize: false });
  assert.deepEqual([fixed.resize, fixed.inputSize, fixed.centerCrop], [{ mode: "none" }, [
    3,
    48,
    48,
  ], false]);
});

Deno.test("preprocessingFromConfig refuses steps that are not done", () => {
  const cases: [Config, Config?][] = [
    [{ input_size: [3, 224, 224], interpolation: "hamming" }],
    [{ input_size: [3, 224, 224], crop_mode: "border" }],
    [{ input_size: [3, 224, 192] }],
    [{}, { size: 224, resample: 4 }],
    [{}, { size: { shortest_edge: 224 } }],
    [{}, { size: { shortest_edge: 800, longest_edge: 1333 }, do_center_crop: true }],
    [{}, { size: 224, do_pad: true }],
    [{}, { size: 224, do_flip_channel_order: true }],
    [{}, { size: 224, rescale_offset: true }],
  ];
  for (const [config, processor] of cases) {
    assert.throws(
      () => preprocessingFromConfig(config, processor),
      { code: "unsupported" },
      JSON.stringify([config, processor]),
    );
  }
});

Deno.test("preprocessingFromConfig refuses values out of their range", () => {
  const flat = { image_size: 28 };
  const cases: [unknown, unknown?][] = [
    [null],
    [[]],
    [flat, "processor"],
    [{ ...flat, image_size: 0 }],
    [{ ...flat, image_size: NaN }],
    [{ ...flat, image_size: "28" }],
    [{ ...flat, image_size: 1e9 }],
    [{ ...flat, image_size: [1, 2, 3] }],
    [{ ...flat, num_channels: 2 }],
    [{ ...flat, image_mean: [0, 0] }],
    [{ ...flat, image_mean: [0, "0", 0] }],
    [{ ...flat, image_std: [1, 0, 1] }],
    [{ ...flat, image_std: [NaN, 1, 1] }],
    [{ input_size: [224, 224] }],
    [{ input_size: 224 }],
    [{ crop_pct: 0 }],
    [{ crop_pct: NaN }],
    [{ crop_pct: 1e-9 }],
    [{ crop_pct: "0.9" }],
    [{}, { size: "224" }],
    [{}, { size: { height: 224 } }],
    [{}, { size: 224, resample: "bicubic" }],
    [{}, { size: 224, do_resize: 1 }],
    [{}, { size: 224, rescale_factor: -1 }],
  ];
  for (const [config, processor] of cases) {
    assert.throws(
      () => preprocessingFromConfig(config as Config, processor as Config),
      { code: "invalid_argument" },
      JSON.stringify([config, processor]),
    );
  }
});

const OTHERS = [
  "LevitImageProcessor",
  "LevitFeatureExtractor",
  "PoolFormerImageProcessorFast",
  "EfficientNetImageProcessor",
  "MobileViTImageProcessor",
  "TimmWrapperImageProcessor",
];

Deno.test(`${OTHERS.length} processors with steps that their files do not name are refused`, () => {
  for (const image_processor_type of OTHERS) {
    const processor = { image_processor_type, size: { shortest_edge: 32 }, crop_size: 32 };
    assert.throws(() => preprocessingFromConfig({}, processor), { code: "unsupported" });
  }
});
