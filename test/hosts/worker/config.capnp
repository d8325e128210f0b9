using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);

const worker :Workerd.Worker = (
  modules = [
    (name = "worker.js", esModule = embed "worker.js"),
    (name = "runtime.js", esModule = embed "runtime.js"),
    (name = "greedy.js", esModule = embed "greedy.js"),
    (name = "dots.js", esModule = embed "dots.js"),
    (name = "classifier.fewbit", data = embed "classifier.fewbit"),
    (name = "language_model.fewbit", data = embed "language_model.fewbit"),
    (name = "stories.js", esModule = embed "stories.js"),
    (name = "stories.fewbit", data = embed "stories.fewbit"),
    (name = "pixels.bin", data = embed "pixels.bin"),
  ],
  compatibilityDate = "2026-07-01",
);
