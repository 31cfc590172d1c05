import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { StrictMode } from "react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { App } from "@/App";
import { session } from "@/api/session";
import { LanguageProvider } from "@/i18n";
import { arrival, followLinks } from "@/live/arrival";
import { line } from "@/live/line";
import { linkIn } from "@/pages/sign-in/link";
import SignInPage from "@/pages/sign-in/SignInPage";
import { paperOikos, Refuse, renderScreen } from "../kit";

const CODE = `oikoslink_${"0123456789ab".repeat(6)}`;
const login = { id: "0193c8a2-7d34-7000-8000-000000000001", browser: "Firefox", made_at: 1, used_at: 1, expires_at: 2 };
const signIn = { page: "oikospage_new", login };

const draw = (language: "en" | "de" = "en") => renderScreen(SignInPage, { path: "/runs", at: "/runs", language });

/** The whole page, as main.tsx draws it. */
function drawApp() {
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  followLinks();
  render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <LanguageProvider language="en">
          <App />
        </LanguageProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
  return queries;
}

beforeEach(() => {
  arrival.forget();
  vi.spyOn(line, "start").mockImplementation(() => {});
});

describe("a link", () => {
  it("signs in once, although everything is drawn twice, and goes where somebody wanted to go", async () => {
    const asked = paperOikos({ sign_in: signIn, status: { pid: 1, version: "1" }, run_list: { runs: [] } });
    localStorage.clear();
    history.replaceState(null, "", `/nowhere?x=1#${CODE}`);
    drawApp();
    await vi.waitFor(() => expect(session.secret()).toBe("oikospage_new"));
    expect(await screen.findAllByRole("navigation", { name: "Screens" })).not.toHaveLength(0);
    expect(asked.filter(({ operation }) => operation === "sign_in").map(({ body }) => body)).toEqual([{ link: CODE }]);
    expect(location.href).toMatch(/\/nowhere\?x=1$/);
    expect(session.login()).toBe(login.id);
  });

  it("decides who this is, also where somebody was signed in: nothing of theirs stays", async () => {
    const asked = paperOikos({ sign_in: signIn, status: { pid: 1, version: "1" }, run_list: { runs: [] } });
    session.begin("oikospage_old", "0193c8a2-7d34-7000-8000-000000000009");
    history.replaceState(null, "", "/nowhere");
    const queries = drawApp();
    queries.setQueryData(["tokens"], { tokens: "of somebody else" });
    history.replaceState(null, "", `/nowhere#${CODE}`);
    act(() => void dispatchEvent(new HashChangeEvent("hashchange")));
    expect(await screen.findByText("Signing this browser in …")).toBeTruthy();
    await vi.waitFor(() => expect(session.secret()).toBe("oikospage_new"));
    expect(queries.getQueryData(["tokens"])).toBeUndefined();
    expect(asked.filter(({ operation }) => operation === "sign_in")).toHaveLength(1);
  });

  it("that is no good leaves who was signed in as they were", async () => {
    paperOikos({ sign_in: new Refuse(401, "unauthenticated", "the credential is not valid, or not any more") });
    session.begin("oikospage_old", "0193c8a2-7d34-7000-8000-000000000009");
    draw();
    await act(() => arrival.use(CODE));
    expect(screen.getByRole("alert").textContent).toContain("used already");
    await userEvent.click(screen.getByRole("button", { name: "Go on as before" }));
    expect(arrival.now().state).toBe("none");
    expect(session.secret()).toBe("oikospage_old");
  });
});

describe("without a link", () => {
  it("says how to get one, and takes one that is pasted, broken lines and all", async () => {
    const asked = paperOikos({ sign_in: signIn });
    localStorage.clear();
    draw();
    expect(await screen.findByText("oikos login link")).toBeTruthy();
    await userEvent.type(
      screen.getByLabelText("Link or code"),
      `http://127.0.0.1:7070/#${CODE.slice(0, 30)} ${CODE.slice(30)}`,
    );
    await userEvent.click(screen.getByRole("button", { name: "Sign in" }));
    await vi.waitFor(() => expect(session.login()).toBe(login.id));
    expect(asked[0]?.body).toEqual({ link: CODE });
  });

  it("asks oikos nothing about what is no link", async () => {
    const asked = paperOikos({});
    localStorage.clear();
    draw();
    await userEvent.type(screen.getByLabelText("Link or code"), "oikos_my-api-key{Enter}");
    expect(screen.getByLabelText("Link or code").getAttribute("aria-invalid")).toBe("true");
    expect(screen.getByText(/There is no link in this/)).toBeTruthy();
    expect(asked).toEqual([]);
  });

  it("says how long to wait", async () => {
    const body = { type: "urn:oikos:rate_limited", title: "t", status: 429, code: "rate_limited", detail: "too many" };
    const headers = { "content-type": "application/problem+json", "retry-after": "90" };
    paperOikos({ sign_in: () => new Response(JSON.stringify(body), { status: 429, headers }) });
    localStorage.clear();
    draw();
    await act(() => arrival.use(CODE));
    expect(screen.getByRole("alert").textContent).toMatch(/Try again in 1 min (29|30) s/);
  });

  it("says that something was lost on the way", async () => {
    const detail = "the credential was not copied as it was: its checksum does not fit";
    paperOikos({ sign_in: new Refuse(401, "unauthenticated", detail, "oikos token list") });
    localStorage.clear();
    draw("de");
    await act(() => arrival.use(CODE));
    expect(screen.getByRole("alert").textContent).toContain("nicht ganz kopiert");
    expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("Bei oikos anmelden");
  });
});

it("finds the code of a link", () => {
  expect(linkIn(`Open http://localhost:7070/#${CODE} now`)).toBe(CODE);
  expect(linkIn(CODE)).toBe(CODE);
  expect(linkIn("oikoslink_short")).toBe("oikoslink_short");
  expect(linkIn("oikos_0123")).toBeNull();
});
