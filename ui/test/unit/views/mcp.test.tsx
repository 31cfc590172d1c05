import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import { bytesOf, pictureOf, soundOf } from "../../../../renderers/shared/media";
import { checkData } from "@/views/check";
import { viewLoad } from "@/views/registry";
import { draw } from "./drawing";
import { examples } from "./examples";

const [, image, audio] = (examples.mcp as { content: { data?: string }[] }).content;
const PIXEL = image?.data ?? "";
const SILENCE = audio?.data ?? "";
const base64 = (...bytes: number[]) => btoa(String.fromCharCode(...bytes));
const letters = (text: string) => [...text].map((letter) => letter.charCodeAt(0));
const png = (width: number, height: number) => {
  const side = (pixels: number) => [24, 16, 8, 0].map((bits) => (pixels >>> bits) & 0xff);
  return base64(0x89, ...letters("PNG\r\n\u001a\n"), 0, 0, 0, 13, ...letters("IHDR"), ...side(width), ...side(height));
};

afterEach(() => vi.unstubAllGlobals());

describe("what a server answered", () => {
  it("is drawn part by part", async () => {
    const asked: string[] = [];
    const { container } = await draw("mcp", examples.mcp, (url) => asked.push(url));
    expect(container.textContent).toContain("Two places are open.\nThe nearer one closes at six.");
    const picture = screen.getByRole("img", { name: "picture, image/png, 1 × 1" });
    expect(picture.getAttribute("src")).toBe(`data:image/png;base64,${PIXEL}`);
    screen.getByRole("heading", { name: "places://vienna/1" });
    screen.getByText("Open from ten to six.");
    screen.getByText("(opens elsewhere)");
    await userEvent.click(screen.getByRole("link", { name: "https://example.org/places" }));
    expect(asked).toEqual(["https://example.org/places"]);
    // There is nothing here that plays a sound.
    screen.getByText("audio/wav, 52 bytes: not shown here");
  });

  it("says once what is there as text and as data", async () => {
    const structuredContent = { sum: 3, exact: true, note: null };
    const text = '{"note":null,"exact":true,\n"sum":3}';
    const { container } = await draw("mcp", { content: [{ type: "text", text }], structuredContent });
    expect([...container.querySelectorAll("dt")].map(({ textContent }) => textContent)).toEqual([
      "sum",
      "exact",
      "note",
    ]);
    expect(container.textContent).not.toContain('"sum"');
  });

  it("keeps text that says something else than the data, and draws what is nested as a tree", async () => {
    await draw("mcp", { content: [{ type: "text", text: "Sunny" }], structuredContent: { days: [{ high: 3 }] } });
    screen.getByText("Sunny");
    screen.getByRole("heading", { name: "As structured data" });
    screen.getByText("days:");
  });

  it("says that it failed, and that it was refused", async () => {
    await draw("mcp", { content: [{ type: "text", text: "No such place" }], isError: true });
    screen.getByText("The tool says that it failed:");
    screen.getByText("No such place");
    await draw("mcp", { "mcp/refusal": { code: -32602, message: "wrong\u202e", data: { at: "place" } } });
    screen.getByText("The server refused (-32602):");
    screen.getByText(String.raw`wrong\u{202e}`);
    screen.getByText("at:");
  });

  it("draws what a resource and a prompt are", async () => {
    await draw("mcp", { contents: [{ uri: "a://b", mimeType: "image/png", blob: PIXEL }] });
    screen.getByRole("heading", { name: "a://b" });
    screen.getByRole("img");
    await draw("mcp", { messages: [{ role: "user", content: { type: "text", text: "Tell me" } }] });
    screen.getByRole("heading", { name: "user" });
    screen.getByText("Tell me");
  });

  it("shows nothing as nothing, and what it does not know as data", async () => {
    await draw("mcp", { content: [] });
    screen.getByText("Nothing to show.");
    await draw("mcp", { content: [{ type: "hologram", depth: 3 }] });
    screen.getByText("A part of a kind that is not drawn: hologram");
    screen.getByText("depth:");
  });

  it("gives no link to what is no address of the web", async () => {
    const uris = ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "ui://oikos/card"];
    await draw("mcp", { content: uris.map((uri) => ({ type: "resource_link", uri, name: "click" })) });
    expect(screen.queryByRole("link")).toBeNull();
    expect(screen.getAllByText("click")).toHaveLength(4);
    screen.getByText("javascript:alert(1)");
  });

  it("draws a beginning of what is long, and more when somebody asks", async () => {
    const long = "word ".repeat(10_000);
    const { container } = await draw("mcp", { content: [{ type: "text", text: long }] });
    expect(container.textContent?.length).toBeLessThan(21_000);
    await userEvent.click(screen.getByRole("button", { name: "Show all 50,000 characters" }));
    expect(container.textContent?.length).toBeGreaterThanOrEqual(50_000);
    const many = Array.from({ length: 1_000 }, (_, part) => ({ type: "text", text: `part ${part}` }));
    await draw("mcp", { content: many });
    expect(screen.queryByText("part 100")).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "Show 100 more" }));
    screen.getByText("part 100");
  });

  it("refuses what no server may answer", async () => {
    const { schema } = await viewLoad("mcp");
    for (const data of [
      { isError: true },
      { content: [{}] },
      { content: [{ type: "text", text: 5 }] },
      { content: [], "mcp/refusal": {} },
      { contents: [{ text: "x" }] },
    ])
      expect(checkData(schema, data).is_valid, JSON.stringify(data)).toBe(false);
  });
});

describe("pictures", () => {
  it("are what they say they are", () => {
    expect(pictureOf("image/png", PIXEL)).toMatchObject({ type: "image/png", width: 1, height: 1 });
    expect(pictureOf("IMAGE/PNG", `${PIXEL.slice(0, 10)}\n${PIXEL.slice(10)}`)?.source).toBe(
      `data:image/png;base64,${PIXEL}`,
    );
    const gif = base64(...letters("GIF89a"), 2, 0, 3, 0);
    expect(pictureOf("image/gif", gif)).toMatchObject({ width: 2, height: 3 });
    const jpeg = base64(0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc0, 0, 11, 8, 0, 5, 0, 7);
    expect(pictureOf("image/jpg", jpeg)).toMatchObject({ type: "image/jpeg", width: 7, height: 5 });
    const webp = base64(
      ...letters("RIFF"),
      0,
      0,
      0,
      0,
      ...letters("WEBPVP8X"),
      ...Array<number>(8).fill(0),
      9,
      0,
      0,
      4,
      0,
      0,
    );
    expect(pictureOf("image/webp", webp)).toMatchObject({ width: 10, height: 5 });
  });

  it.each([
    ["image/gif", PIXEL],
    ["image/svg+xml", btoa('<svg onload="alert(1)"/>')],
    ["text/html", btoa("<script>alert(1)</script>")],
    ["image/png", btoa("<script>alert(1)</script>")],
    ["image/png", `${PIXEL}"onerror="alert(1)`],
    ["image/png", ""],
    ["image/png", PIXEL.slice(0, 20)],
    ["image/png", png(0, 5)],
    ["image/png", png(60_000, 60_000)],
    ["image/jpeg", base64(0xff, 0xd8, 0xff, 0xff, 0xff)],
    ["image/jpeg", base64(0xff, 0xd8, 0xff, 0xe0, 0, 0, 0xff, 0xe0, 0, 0)],
    [undefined, PIXEL],
  ])("are not handed on as %s where they are something else, or too large", async (mimeType, data) => {
    expect(pictureOf(mimeType, data)).toBeUndefined();
    const { container } = await draw("mcp", { content: [{ type: "image", data, ...(mimeType ? { mimeType } : {}) }] });
    expect(container.querySelector("img")).toBeNull();
    expect(container.textContent).toContain("not shown here");
  });

  it("that are large are read", () => {
    expect(pictureOf("image/png", png(8_000, 6_000))).toMatchObject({ width: 8_000, height: 6_000 });
    expect(bytesOf("A".repeat((4 << 20) + 1))).toBeUndefined();
  });
});

describe("sounds", () => {
  const wav = (format: number, bits: number, ...data: number[]) => {
    const head = [16, 0, 0, 0, format, 0, 1, 0, 0x40, 0x1f, 0, 0, 0, 0, 0, 0, 1, 0, bits, 0];
    const size = [data.length, 0, 0, 0];
    return base64(...letters("RIFF\0\0\0\0WAVEfmt "), ...head, ...letters("data"), ...size, ...data);
  };

  it("that are not packed are read", () => {
    expect(soundOf("audio/wav", SILENCE)).toMatchObject({ samplesPerSecond: 8_000, channels: [new Float32Array(8)] });
    const heard = (data: string) => [...(soundOf("audio/x-wav", data)?.channels[0] ?? [])];
    expect(heard(wav(1, 8, 0, 255))).toEqual([-1, Math.fround(127 / 128)]);
    expect(heard(wav(1, 16, 0, 0x80, 0xff, 0x7f))).toEqual([-1, Math.fround(0x7fff / 0x8000)]);
    expect(heard(wav(1, 24, 0, 0, 0x80, 0, 0, 0x40))).toEqual([-1, 0.5]);
    expect(heard(wav(3, 32, 0, 0, 0, 0x3f, 0, 0, 0xc0, 0x7f))).toEqual([0.5, 0]);
  });

  it.each([
    ["audio/mpeg", SILENCE],
    ["audio/wav", PIXEL],
    ["audio/wav", SILENCE.slice(0, 40)],
    ["audio/wav", wav(0x55, 0, 1, 2)],
    ["audio/wav", wav(1, 12, 1, 2)],
    ["audio/wav", wav(1, 16)],
  ])("as %s that are packed or are none are not", (mimeType, data) => {
    expect(soundOf(mimeType, data)).toBeUndefined();
  });

  it("are heard when somebody wants to, and end with the part that plays them", async () => {
    const said: string[] = [];
    class Output {
      destination = {};
      createBuffer = (channels: number, length: number, rate: number) => {
        said.push(`${channels} ${length} ${rate}`);
        return { copyToChannel: () => {} };
      };
      createBufferSource = () => ({ connect() {}, addEventListener() {}, start: () => said.push("start") });
      close = async () => void said.push("close");
    }
    vi.stubGlobal("AudioContext", Output);
    const { unmount } = await draw("mcp", { content: [{ type: "audio", mimeType: "audio/wav", data: SILENCE }] });
    screen.getByText("sound, audio/wav");
    await userEvent.click(screen.getByRole("button", { name: "Play" }));
    await userEvent.click(screen.getByRole("button", { name: "Stop" }));
    await userEvent.click(screen.getByRole("button", { name: "Play" }));
    unmount();
    expect(said).toEqual(["1 8 8000", "start", "close", "1 8 8000", "start", "close"]);
  });
});
