/** All commands. A command is loaded when it is used, so that a help text costs nothing. */
import type { Command } from "./_commander.ts";

/** Gives a command its words, its options, and what it does until the signal says stop. */
export type DefineCommand = (command: Command, signal: AbortSignal) => void;

interface Entry {
  readonly description: string;
  readonly load: () => Promise<{ readonly default: DefineCommand }>;
}

/** Commands by their names. */
export const COMMANDS: Readonly<Record<string, Entry>> = {
  classify: { description: "Labels of PNG and JPEG files", load: () => import("./classify.ts") },
  generate: {
    description: "Write on from a prompt with a language model",
    load: () => import("./generate.ts"),
  },
  chat: {
    description: "Talk with a language model that has a chat template",
    load: () => import("./chat.ts"),
  },
  prefill: {
    description: "Save the state of a language model behind a system prompt",
    load: () => import("./prefill.ts"),
  },
  serve: {
    description: "Serve a language model or a sentence encoder to OpenAI's clients",
    load: () => import("./serve.ts"),
  },
  embed: {
    description: "Embed texts with a sentence encoder",
    load: () => import("./embed.ts"),
  },
  search: {
    description: "Index the texts of a folder and find passages by meaning",
    load: () => import("./search.ts"),
  },
  quantize: {
    description: "Turn a float DeiT, ViT, Swin, sentence encoder or Llama into integers",
    load: () => import("./quantize.ts"),
  },
  convert: {
    description: "Convert a language model as it is, or a checkpoint of I-ViT's training",
    load: () => import("./convert.ts"),
  },
  train: {
    description: "Train a network on small pictures, or a language model on a text",
    load: () => import("./train.ts"),
  },
  finetune: {
    description: "Train a part of a trained network, adapters beside it, or a ViT for integers",
    load: () => import("./finetune.ts"),
  },
  export: {
    description: "Write the weights of what was trained, by the names and shapes of PyTorch",
    load: () => import("./export.ts"),
  },
  eval: {
    description: "Accuracy of a classifier, or perplexity of a text",
    load: () => import("./eval.ts"),
  },
  inspect: {
    description: "Show what a model consists of, and where its time goes",
    load: () => import("./inspect.ts"),
  },
  bench: {
    description: "Time a model on several engines, in turns",
    load: () => import("./bench.ts"),
  },
};
