import { describe, expect, it } from "vitest";
import english from "@/i18n/sentences.json";
import { sayIn } from "@/i18n/sentence";

const say = (code: string, args: Parameters<typeof sayIn>[2]["args"] = []) => sayIn(english, "en", { code, args });

describe("sentences", () => {
  it("puts its arguments in place, escaped", () => {
    expect(say("card_storage", [{ bytes: 10 * 1024 * 1024 }])).toBe(
      "keep up to 10.0 MiB of its own data on this device",
    );
    expect(say("card_file_read", [{ list: ["/a", "/b\u202e"] }])).toBe("read files in /a, /b\\u{202e}");
  });
  it("says a sentence of a newer oikos as far as it can", () => {
    expect(say("something_new", [{ text: "x" }, { number: 2 }])).toBe("something new: x, 2");
    expect(say("constructor")).toBe("constructor");
  });
});
