// Where the focus is when screens, dialogs and the palette come and go.
import { act, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useEffect, useState } from "react";
import { Route, useLocation } from "wouter";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { Dialog } from "@/components/Dialog";
import { Page } from "@/components/Page";
import { Shell } from "@/layout/Shell";
import { paperOikos, Refuse, renderScreen } from "./kit";

const action = { name: "analyze", title: "Analyze a table", starts: [], effects: "none", input: {} };
const summary = {
  name: "csv",
  title: "CSV",
  version: "1.0.0",
  enabled: true,
  installed_at: 1,
  badge: "local_developer",
  fingerprint: "x",
};
const answers = { status: { pid: 1, version: "0.1.0" }, app_list: { apps: [summary] }, run_list: { runs: [] } };

/** What comes beneath, and when. */
let show: (what: "nothing" | "loading" | "whole" | "other") => void;
let close: () => void;

function Late() {
  const [what, setWhat] = useState<Parameters<typeof show>[0]>("nothing");
  useEffect(() => {
    show = setWhat;
  }, []);
  return (
    <>
      {what === "loading" && (
        <Page key="loading" title="Loading">
          -
        </Page>
      )}
      {what === "whole" && (
        <Page key="whole" title="Whole">
          <button type="button">within</button>
        </Page>
      )}
      {what === "other" && <button type="button">beside</button>}
    </>
  );
}
function Nested() {
  const [open, setOpen] = useState<"none" | "outer" | "both">("none");
  const [, go] = useLocation();
  useEffect(() => {
    close = () => setOpen("none");
  }, []);
  return (
    <>
      <button type="button" onClick={() => setOpen("outer")}>
        ask
      </button>
      <Dialog open={open !== "none"} title="Outer" onClose={() => setOpen("none")}>
        <button type="button" onClick={() => setOpen("both")}>
          more
        </button>
        <button
          type="button"
          onClick={() => {
            setOpen("none");
            go("/diagnostics");
          }}
        >
          leave
        </button>
      </Dialog>
      <Dialog open={open === "both"} title="Inner" onClose={() => setOpen("outer")}>
        inner
      </Dialog>
    </>
  );
}
function Stage() {
  return (
    <Shell>
      <Route path="/runs">
        <Late />
        <Nested />
      </Route>
      <Route path="/diagnostics">
        <Page title="Diagnostics">-</Page>
      </Route>
    </Shell>
  );
}
function draw(more: Parameters<typeof paperOikos>[0] = {}) {
  paperOikos({ ...answers, ...more });
  return renderScreen(Stage, { path: "*", at: "/runs" });
}
const user = userEvent.setup({ delay: null });
const focused = () => document.activeElement;
const shortcut = () => user.keyboard("{Control>}k{/Control}");
const field = () => screen.findByRole<HTMLInputElement>("combobox");
const title = (name: string) => screen.getByRole("heading", { level: 1, name, hidden: true });

// The first load of a part takes long here, where it is made on the way.
beforeAll(() => import("@/layout/Palette"));
// As after a first step within the page: from then on a screen takes the focus.
beforeEach(() => history.replaceState({}, ""));

describe("a screen", () => {
  it("begins at its title, and is not begun again where it is only drawn anew", async () => {
    draw();
    act(() => show("loading"));
    expect(focused()).toBe(title("Loading"));
    act(() => show("whole"));
    expect(focused()).toBe(title("Whole"));
    await user.tab();
    expect(focused()).toBe(screen.getByRole("button", { name: "within" }));
    act(() => show("nothing"));
    await user.click(screen.getByRole("button", { name: "ask" }));
    await user.keyboard("{Escape}");
    await waitFor(() => expect(focused()).toBe(screen.getByRole("button", { name: "ask" })));
    act(() => show("whole"));
    expect(focused()).toBe(screen.getByRole("button", { name: "ask" }));
  });
});

describe("the palette over a screen that comes", () => {
  it("keeps the focus and every letter, and leaves it to the title when it closes", async () => {
    draw();
    await shortcut();
    await user.keyboard("dia");
    const box = await field();
    act(() => show("loading"));
    await user.keyboard("gno");
    act(() => show("whole"));
    await user.keyboard("stics");
    expect(focused()).toBe(box);
    expect(box.value).toBe("diagnostics");
    await user.keyboard("{Escape}");
    await waitFor(() => expect(screen.queryByRole("combobox")).toBeNull());
    await waitFor(() => expect(focused()).toBe(title("Whole")));
  });

  it("does what was typed in one go, before there is a field", async () => {
    const { history: gone } = draw();
    act(() => show("other"));
    screen.getByRole("button", { name: "beside" }).focus();
    await user.keyboard("{Control>}k{/Control}diagx{Backspace}nostics{Enter}");
    await waitFor(() => expect(gone?.at(-1)).toBe("/diagnostics"));
    await waitFor(() => expect(focused()).toBe(title("Diagnostics")));
    expect(screen.queryByRole("combobox")).toBeNull();
  });

  it("begins at the title of where somebody is already", async () => {
    draw();
    await user.keyboard("{Control>}k{/Control}diagnostics{Enter}");
    await waitFor(() => expect(focused()).toBe(title("Diagnostics")));
    await user.tab();
    await user.keyboard("{Control>}k{/Control}diagnostics{Enter}");
    await waitFor(() => expect(screen.queryByRole("combobox")).toBeNull());
    await waitFor(() => expect(focused()).toBe(title("Diagnostics")));
  });

  it("does not come after Escape, and gives the keys back", async () => {
    draw();
    act(() => show("other"));
    const beside = screen.getByRole("button", { name: "beside" });
    beside.focus();
    await user.keyboard("{Control>}k{/Control}diag{Escape}");
    await waitFor(() => expect(screen.queryByRole("combobox")).toBeNull());
    await waitFor(() => expect(focused()).toBe(beside));
    let heard = "";
    beside.addEventListener("keydown", ({ key }) => (heard += key));
    await user.keyboard("abc");
    expect(heard).toBe("abc");
  });

  it("finds what an app can do whose answer comes later, and does it for an Enter of before", async () => {
    let answer: (value: unknown) => void = () => {};
    const { history: gone, queries } = draw({ app_info: () => new Refuse(404, "app_not_found", "x") } as never);
    await user.keyboard("{Control>}k{/Control}analyze{Enter}");
    expect((await field()).value).toBe("analyze");
    expect(screen.queryByRole("option")).toBeNull();
    void queries.fetchQuery({ queryKey: ["apps", "csv"], queryFn: () => new Promise((done) => (answer = done)) });
    await act(async () => answer({ app: { name: "csv", actions: [action] } }));
    await waitFor(() => expect(gone?.at(-1)).toBe("/apps/csv/run/analyze"));
  });

  it("forgets such an Enter when somebody types on", async () => {
    const { history: gone, queries } = draw();
    await user.keyboard("{Control>}k{/Control}analyz{Enter}");
    await user.type(await field(), "e");
    act(() => void queries.setQueryData(["apps", "csv"], { app: { name: "csv", actions: [action] } }));
    expect(await screen.findByRole("option", { name: "Run csv: Analyze a table" })).toBeTruthy();
    expect(gone?.at(-1)).toBe("/runs");
  });
});

describe("dialogs", () => {
  it("give the focus back one by one", async () => {
    draw();
    await user.click(screen.getByRole("button", { name: "ask" }));
    await user.click(await screen.findByRole("button", { name: "more" }));
    await waitFor(() => expect(focused()).toBe(screen.getByRole("heading", { name: "Inner" })));
    await user.keyboard("{Escape}");
    await waitFor(() => expect(focused()).toBe(screen.getByRole("button", { name: "more" })));
    await user.keyboard("{Escape}");
    await waitFor(() => expect(focused()).toBe(screen.getByRole("button", { name: "ask" })));
  });

  it("leave it to the title of the screen that they led to", async () => {
    draw();
    await user.click(screen.getByRole("button", { name: "ask" }));
    await user.click(await screen.findByRole("button", { name: "leave" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    await waitFor(() => expect(focused()).toBe(title("Diagnostics")));
  });

  it("take nothing from the palette that comes before they have begun", async () => {
    // They begin a frame after they are drawn. Frames come by hand here.
    const frames = new Map<number, FrameRequestCallback>();
    let last = 0;
    vi.stubGlobal("requestAnimationFrame", (frame: FrameRequestCallback) => (frames.set(++last, frame), last));
    vi.stubGlobal("cancelAnimationFrame", (id: number) => frames.delete(id));
    const show = () => {
      const due = [...frames.values()];
      frames.clear();
      act(() => due.forEach((frame) => frame(0)));
    };
    try {
      draw();
      await user.click(screen.getByRole("button", { name: "ask" }));
      await screen.findByRole("button", { name: "more" });
      expect(focused()).not.toBe(screen.getByRole("heading", { name: "Outer" }));
      await shortcut();
      const box = await field();
      await waitFor(() => expect(focused()).toBe(box));
      show();
      expect(focused()).toBe(box);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it("take nothing from the palette in front of them when they close", async () => {
    draw();
    await user.click(screen.getByRole("button", { name: "ask" }));
    await screen.findByRole("button", { name: "more" });
    await shortcut();
    const box = await field();
    await waitFor(() => expect(focused()).toBe(box));
    act(() => close());
    await waitFor(() => expect(screen.queryByRole("button", { name: "more", hidden: true })).toBeNull());
    await user.keyboard("diag");
    expect(focused()).toBe(box);
    expect(box.value).toBe("diag");
  });
});
