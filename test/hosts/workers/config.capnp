using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  # Of the 128 MB of an isolate, WebAssembly takes 28. Where it is hosted, the rest bounds the heap.
  v8Flags = ["--max-old-space-size=48", "--max-semi-space-size=2"],
  services = [
    (name = "main", worker = .worker),
    (name = "assets", disk = (path = "assets")),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);

const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  bindings = [(name = "ASSETS", service = "assets")],
  compatibilityDate = "2026-07-01",
);
