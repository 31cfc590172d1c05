import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import DiagnosticsPage from "@/pages/diagnostics/DiagnosticsPage";
import { redact } from "@/pages/diagnostics/redact";
import { paperOikos, Refuse, renderScreen } from "../kit";

const SECRET = `oikos_${"ab12".repeat(18)}`;
const checks = [
  { name: "home", ok: true, finding: "/home/ada/.oikos, private" },
  { name: "box memory", ok: true, finding: "uses at most 512 MiB", hint: "give oikos a control group of its own" },
  { name: "clock", ok: false, finding: `says <b>\u202e${SECRET}`, hint: "timedatectl set-ntp true" },
];
const status = { pid: 42, version: "0.9.1" };
const draw = (language: "en" | "de" = "en") =>
  renderScreen(DiagnosticsPage, { path: "/diagnostics", at: "/diagnostics", language });

describe("diagnostics", () => {
  it("says what is not well first, with what to do", async () => {
    paperOikos({ doctor: { checks }, status });
    draw();
    const part = within(await screen.findByRole("region", { name: "Checks" }));
    expect(await part.findByText("1 check is not well.")).toBeTruthy();
    expect(part.getAllByRole("heading", { level: 3 }).map((heading) => heading.textContent)).toEqual([
      "clock",
      "box memory",
      "home",
    ]);
    expect(part.getByText("note")).toBeTruthy();
    expect(part.getByText("give oikos a control group of its own")).toBeTruthy();
    expect(part.getByText("timedatectl set-ntp true")).toBeTruthy();
    expect(part.getByText(/says <b>\\u\{202e\}/)).toBeTruthy();
    expect(await screen.findByText("0.9.1")).toBeTruthy();
    expect(screen.getByText("42")).toBeTruthy();
  });

  it("copies all of it, without secrets", async () => {
    const user = userEvent.setup();
    paperOikos({ doctor: { checks }, status });
    draw();
    await screen.findByText("1 check is not well.");
    await user.click(screen.getByRole("button", { name: "Copy all as text" }));
    const text = await navigator.clipboard.readText();
    expect(text).toContain("BAD   clock");
    expect(text).toContain("note  box memory");
    expect(text).toContain("→ timedatectl set-ntp true");
    expect(text).toContain("oikos: 0.9.1");
    expect(text).not.toContain(SECRET);
    expect(text).toContain("«secret»");
  });

  it("proves the log, and says where it does not hold", async () => {
    const answers = [
      { report: { entries: 1, pruned: 0, signed_seq: 1, breaks: [] } },
      {
        report: {
          entries: 9,
          pruned: 2,
          breaks: [
            { break: "body_changed", seq: 3 },
            { break: "missing", from_seq: 4, to_seq: 5 },
            { break: "tail_cut", last_seq: 9, signed_seq: 12 },
            { break: "head_refused", line: 7 },
          ],
        },
      },
      new Refuse(500, "internal", "the disk is gone"),
    ];
    paperOikos({ doctor: { checks: [] }, status, log_verify: () => answers.shift() });
    draw("de");
    const verify = await screen.findByRole("button", { name: "Protokoll prüfen" });
    await userEvent.click(verify);
    expect(await screen.findByText("Die Kette hält: 1 Eintrag, von diesem Gerät signiert bis Eintrag 1")).toBeTruthy();
    await userEvent.click(verify);
    expect(
      await screen.findByText(/Die Kette hält nicht: 9 Einträge, 2 davon gekürzt, noch nicht signiert/),
    ).toBeTruthy();
    expect(screen.getByText("Eintrag 3 wurde nach dem Schreiben geändert.")).toBeTruthy();
    expect(screen.getByText("Die Einträge 4 bis 5 fehlen.")).toBeTruthy();
    expect(screen.getByText(/endet mit Eintrag 9/)).toBeTruthy();
    expect(screen.getByText(/Zeile 7/)).toBeTruthy();
    await userEvent.click(verify);
    expect((await screen.findByRole("alert")).textContent).toContain("the disk is gone");
    expect(screen.queryByText(/Die Kette/)).toBeNull();
  });
});

it("takes out what lets somebody in, and nothing else", () => {
  expect(redact(`key ${SECRET}.`)).toBe("key «secret».");
  expect(redact("http://127.0.0.1:7070/#oikoslink_ab")).toBe("http://127.0.0.1:7070/#«secret»");
  expect(redact("https://ada:hunter2@proxy.example/x")).toBe("https://«secret»@proxy.example/x");
  expect(redact("Authorization: Bearer abc.def=")).toBe("Authorization: Bearer «secret»");
  expect(redact("version 0.1.0, archive and grants hold; oikos app enable x")).toBe(
    "version 0.1.0, archive and grants hold; oikos app enable x",
  );
});
