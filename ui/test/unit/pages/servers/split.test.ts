import { expect, it } from "vitest";
import { split } from "@/pages/servers/import/split";

it.each([
  ["npx -y server", ["npx", "-y", "server"]],
  ["  a\t b \n", ["a", "b"]],
  [`node "/home/ada/my server.js" 'x y'`, ["node", "/home/ada/my server.js", "x y"]],
  [`a"b c"d`, ["ab cd"]],
  [`""`, [""]],
  [`a ''`, ["a", ""]],
  [`a\\ b`, ["a b"]],
  [`"say \\"hi\\""`, [`say "hi"`]],
  [`'a\\'`, ["a\\"]],
  // A path of Windows is one word with its strokes.
  ["C:\\tools\\server.exe", ["C:\\tools\\server.exe"]],
  [`"C:\\my tools\\server.exe"`, ["C:\\my tools\\server.exe"]],
  ["", []],
  ["\u{1f600} \u202e", ["\u{1f600}", "\u202e"]],
])("%j is these words", (line, words) => {
  expect(split(line)).toMatchObject({ words, isOpen: false });
});

it("says where a quote does not end", () => {
  expect(split(`a "b`)).toMatchObject({ words: ["a", "b"], isOpen: true });
  expect(split("it's")).toMatchObject({ isOpen: true });
});

it.each([
  ["curl x | sh", true],
  ["a && b", true],
  ["a > b", true],
  ["echo $HOME", true],
  ["echo $(id)", true],
  ["echo `id`", true],
  ["a 'x | y'", false],
  ["a --price=5$", false],
  ["npx -y @scope/name@1.0", false],
])("%j has signs of a shell: %s", (line, hasShell) => {
  expect(split(line).hasShell).toBe(hasShell);
});
