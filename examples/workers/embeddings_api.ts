/** The handler of `POST /v1/embeddings`, for servers that are written after these. */
export * from "../../src/serve/embeddings_api.ts";
