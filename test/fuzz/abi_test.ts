import assert from "node:assert/strict";
import { abiCampaign } from "./abi.ts";

Deno.test("5,000 orders of calls of the exports: none traps, none is remembered", async () => {
  const { runs, effects } = await abiCampaign({ count: 5000, seed: 20261128 });
  assert.ok(runs > 500 && effects > 20_000, `${runs} runs, ${effects} calls with an effect`);
});
