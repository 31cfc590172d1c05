import axe from "axe-core";
import { describe, expect, it } from "vitest";
import { rendererNames } from "@/views/registry";
import { draw } from "./drawing";
import { examples } from "./examples";

// Contrast needs pixels; the tests in a browser look at it.
const OPTIONS: axe.RunOptions = { rules: { "color-contrast": { enabled: false }, region: { enabled: false } } };

const others = [
  ["chart", { ...examples.chart, kind: "histogram" }],
  [
    "chart",
    {
      kind: "line",
      title: "t",
      labels: ["a", "b"],
      series: [
        { name: "x", values: [1, 2] },
        { name: "y", values: [2, null] },
      ],
    },
  ],
  ["table", { columns: ["a", "b"], rows: Array.from({ length: 500 }, (_, row) => [row, "x"]) }],
  ["diff", { patch: "@@ -1 +1 @@\n-a\n+b\n" }],
] as const;

describe("renderers for everybody", () => {
  it.each([...rendererNames.map((name) => [name, examples[name]] as const), ...others])(
    "axe finds nothing in %s",
    async (name, data) => {
      const { container } = await draw(name, data);
      const { violations } = await axe.run(container, OPTIONS);
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
    },
  );

  it("axe would find a picture without words", async () => {
    document.body.innerHTML = '<svg role="img"></svg>';
    const { violations } = await axe.run(document.body, OPTIONS);
    document.body.innerHTML = "";
    expect(violations.map(({ id }) => id)).toContain("svg-img-alt");
  });
});
