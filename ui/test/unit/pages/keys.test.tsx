import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { session } from "@/api/session";
import { browserName } from "@/pages/keys/browserName";
import KeysPage from "@/pages/keys/KeysPage";
import { paperOikos, Refuse, renderScreen } from "../kit";

const ID = "0193c8a2-7d34-7000-8000-00000000000";
const token = { id: `${ID}1`, name: "laptop", last_four: "ab12", rights: ["read", "run"], made_at: 1, used_at: null };
const login = (last: number, browser: string) => ({
  id: `${ID}${last}`,
  browser,
  made_at: Date.now(),
  used_at: Date.now(),
  expires_at: Date.now() + 9e8,
});
const FINGERPRINT = "7769-ba54-2d4f-fb6f-91c1-6dbd-ddc5-1c17";
const ada = { fingerprint: FINGERPRINT, name: "ada", official: false, apps: ["notes"], since: 1, key: "RWR3\u202e" };
const official = { fingerprint: "1111-2222", official: true, apps: [] };

const draw = (tab: string, language: "en" | "de" = "en") =>
  renderScreen(KeysPage, { path: "/keys", at: `/keys?tab=${tab}`, language });

describe("publishers", () => {
  it("are listed, trusted by their fingerprint, and change their keys", async () => {
    const asked = paperOikos({
      publisher_list: { publishers: [official, ada] },
      publisher_trust: { publisher: ada },
      publisher_import: new Refuse(400, "signature_invalid", "no statement of a key that is known"),
    });
    draw("");
    expect(await screen.findByRole("heading", { name: "the oikos project" })).toBeTruthy();
    expect(screen.getByText("RWR3\\u{202e}")).toBeTruthy();
    expect(screen.getByRole("link", { name: "notes" }).getAttribute("href")).toBe("/apps/notes");

    const trust = within(screen.getByRole("region", { name: "Trust a publisher" }));
    await userEvent.type(trust.getByLabelText("Fingerprint or public key"), ` ${FINGERPRINT} `);
    await userEvent.type(trust.getByLabelText(/Your name/), "you");
    await userEvent.click(trust.getByRole("button", { name: "Trust this publisher" }));
    expect(trust.getByText(/Two to 64/)).toBeTruthy();
    await userEvent.clear(trust.getByLabelText(/Your name/));
    await userEvent.type(trust.getByLabelText(/Your name/), "ada");
    await userEvent.click(trust.getByRole("button", { name: "Trust this publisher" }));
    expect(await screen.findByText("ada is trusted from now on.")).toBeTruthy();
    expect(asked.filter(({ operation }) => operation === "publisher_trust").map(({ body }) => body)).toEqual([
      { publisher: FINGERPRINT, name: "ada" },
    ]);

    const change = within(screen.getByRole("region", { name: "A publisher changed its key" }));
    await userEvent.type(change.getByLabelText("Statements"), "x");
    await userEvent.click(change.getByRole("button", { name: "Import statements" }));
    expect((await change.findByRole("alert")).textContent).toContain("no statement of a key");
  });
});

describe("API keys", () => {
  it("are made with the least that was chosen, and shown once", async () => {
    const secret = `oikos_${"0".repeat(72)}`;
    const asked = paperOikos({ token_list: { tokens: [] }, token_new: { token, secret } });
    const { history } = draw("keys");
    await userEvent.click(await screen.findByRole("button", { name: "New API key" }));
    const form = within(await screen.findByRole("dialog", { name: "New API key" }));
    expect(history?.at(-1)).toBe("/keys?tab=keys&new=key");
    expect(form.getAllByRole("checkbox").filter((box) => (box as HTMLInputElement).checked)).toHaveLength(1);
    await userEvent.click(form.getByRole("checkbox", { name: /^read/ }));
    await userEvent.click(form.getByRole("button", { name: "Make key" }));
    expect(form.getByText(/Choose at least one/)).toBeTruthy();
    expect(form.getByText(/Up to 64 small letters/)).toBeTruthy();
    await userEvent.type(form.getByLabelText("Name"), "laptop");
    await userEvent.click(form.getByRole("checkbox", { name: /^run/ }));
    await userEvent.click(form.getByRole("checkbox", { name: /^read/ }));
    await userEvent.selectOptions(form.getByLabelText("Ends after"), "7");
    await userEvent.click(form.getByRole("button", { name: "Make key" }));

    const once = within(await screen.findByRole("dialog", { name: "The API key laptop" }));
    expect((once.getByLabelText("API key") as HTMLInputElement).value).toBe(secret);
    expect(once.getByText(/only time you see it/)).toBeTruthy();
    expect(once.queryByRole("button", { name: "Close" })).toBeNull();
    await userEvent.keyboard("{Escape}");
    expect(screen.getByRole("dialog", { name: "The API key laptop" })).toBeTruthy();
    await userEvent.click(once.getByRole("button", { name: "I have kept it" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(document.body.innerHTML).not.toContain(secret);
    expect(asked.find(({ operation }) => operation === "token_new")?.body).toEqual({
      name: "laptop",
      rights: ["read", "run"],
      expires_in_ms: 7 * 86_400_000,
    });
  });

  it("are revoked after one more question, and what fails is said there", async () => {
    const answers = [new Refuse(404, "token_not_found", "there is no such key"), undefined];
    const asked = paperOikos({ token_list: { tokens: [token] }, token_revoke: () => answers.shift() });
    draw("keys");
    await userEvent.click(await screen.findByRole("button", { name: "Revoke laptop" }));
    const dialog = within(await screen.findByRole("dialog", { name: "Revoke the API key laptop?" }));
    expect(asked.some(({ operation }) => operation === "token_revoke")).toBe(false);
    await userEvent.click(dialog.getByRole("button", { name: "Revoke" }));
    expect((await dialog.findByRole("alert")).textContent).toContain("there is no such key");
    await userEvent.click(dialog.getByRole("button", { name: "Revoke" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(asked.filter(({ operation }) => operation === "token_revoke").map(({ path }) => path)).toEqual([
      [token.id],
      [token.id],
    ]);
  });
});

describe("browsers", () => {
  it("are signed out one by one; this one only after a question", async () => {
    const asked = paperOikos({
      login_list: { logins: [login(1, "Firefox on Linux"), login(2, "<b>Evil\u202e</b>".padEnd(400, "x"))] },
      login_revoke: undefined,
    });
    session.begin("oikospage_test", `${ID}1`);
    draw("browsers");
    const rows = await screen.findAllByRole("listitem");
    expect(rows[0]?.textContent).toContain("this browser");
    expect(rows[1]?.textContent).not.toContain("this browser");
    expect(rows[1]?.textContent).toContain("<b>Evil\\u{202e}</b>");
    expect(rows[1]?.querySelector("bdi")?.textContent?.length).toBeLessThanOrEqual(100);
    await userEvent.click(screen.getByRole("button", { name: /Sign out <b>/ }));
    await waitFor(() => expect(asked.filter(({ operation }) => operation === "login_revoke")).toHaveLength(1));
    await userEvent.click(screen.getByRole("button", { name: "Sign out Firefox on Linux" }));
    const dialog = within(await screen.findByRole("dialog", { name: "Sign out this browser?" }));
    expect(session.secret()).not.toBeNull();
    await userEvent.click(dialog.getByRole("button", { name: "Sign out" }));
    await waitFor(() => expect(session.secret()).toBeNull());
  });

  it("are called by names that people know, whatever they call themselves", () => {
    expect(
      [
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0",
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
        // Cut off where oikos cuts it: which of those that call themselves Chrome it is, was said behind that.
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/1…",
        "curl/8.5.0",
        "Firefox on Linux",
      ].map((agent) => browserName(agent, "Browser")),
    ).toEqual([
      "Firefox, Linux",
      "Edge, Windows",
      "Chrome, Android",
      "Safari, iPhone",
      "Safari, macOS",
      "Browser, Linux",
      null,
      null,
    ]);
  });

  it("get a link that is shown as long as it is good", async () => {
    let expires_at = Date.now() + 50_000;
    paperOikos({
      login_list: { logins: [] },
      login_link: () => ({ url: "http://127.0.0.1:7070/#oikoslink_x", expires_at }),
    });
    draw("browsers");
    await userEvent.click(screen.getByRole("button", { name: "Sign in another browser" }));
    expect(((await screen.findByLabelText("Link")) as HTMLInputElement).value).toContain("#oikoslink_x");
    expect(screen.getByText(/Good for (49|50) more seconds/)).toBeTruthy();
    expires_at = Date.now() - 1;
    await userEvent.click(screen.getByRole("button", { name: "Make another link" }));
    expect(await screen.findByText("This link is over.")).toBeTruthy();
    expect(screen.queryByLabelText("Link")).toBeNull();
  });
});

describe("owners", () => {
  it("are listed and made", async () => {
    const asked = paperOikos({
      owner_list: { owners: [{ id: 0, name: "local" }] },
      owner_new: { owner: { id: 1, name: "ben", since: 5 } },
    });
    draw("owners", "de");
    expect(await screen.findByText("von Anfang an hier")).toBeTruthy();
    await userEvent.type(screen.getByLabelText("Name"), "Ben{Enter}");
    expect(screen.getByText(/Ein bis 32/)).toBeTruthy();
    await userEvent.clear(screen.getByLabelText("Name"));
    await userEvent.type(screen.getByLabelText("Name"), "ben{Enter}");
    expect(await screen.findByText("oikos --owner ben login link")).toBeTruthy();
    expect(asked.find(({ operation }) => operation === "owner_new")?.body).toEqual({ name: "ben" });
  });
});
