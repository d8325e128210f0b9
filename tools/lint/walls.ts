/** The rule `fewbit/walls`: folders import downwards only. */
import { pathInTree, visitImports } from "./_imports.ts";
import { crossesWall, unitOf } from "./levels.ts";

export const walls: Deno.lint.Rule = {
  create(context) {
    const from = pathInTree(context.filename);
    const importer = unitOf(from);
    return visitImports(from, (source, to) => {
      const imported = unitOf(to);
      for (const { name, level } of [importer, imported]) {
        if (level !== undefined) continue;
        context.report({
          node: source,
          message: `src/${name} has no level`,
          hint: "Give it its place in tools/lint/levels.ts, as low as what it imports allows",
        });
        return;
      }
      if (!crossesWall(from, to)) return;
      const place = imported.level === importer.level ? "beside it" : "above it";
      context.report({
        node: source,
        message: `${importer.name} imports ${imported.name}, which is ${place}`,
        hint:
          "Move what both need to the lower folder, or to one below both, or let the one above " +
          "hand it over as an argument; the levels are in tools/lint/levels.ts",
      });
    });
  },
};
