import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import ServerPage from "@/pages/servers/server/ServerPage";
import { paperOikos, Refuse, renderScreen } from "../../kit";
import { server } from "./servers";

const draw = (at = "/servers/tracker", language: "en" | "de" = "en") =>
  renderScreen(ServerPage, { path: "/servers/:app", at, language });

const open = vi.fn();
beforeEach(() => vi.stubGlobal("open", open));
afterEach(() => {
  open.mockReset();
  vi.unstubAllGlobals();
});

/** A server elsewhere that answers nobody before they have signed in at this address. */
function house(address: string) {
  let signedIn = false;
  let comeBack = () => {};
  const back = new Promise<void>((done) => (comeBack = done));
  const now = () => server("tracker", { place: "https://mcp.example.com/mcp", ...(signedIn && { signed_in_at: 7 }) });
  const asked = paperOikos({
    server_info: () => ({ server: now() }),
    server_list: () => ({ servers: [now()] }),
    server_look: () => new Refuse(409, "sign_in_needed", "tracker: nobody signed in", "oikos mcp sign-in tracker"),
    server_sign_in: () => ({ sign_in: { address, done: false } }),
    server_sign_in_wait: async () => {
      await back;
      signedIn = true;
      return { sign_in: { done: true } };
    },
    server_sign_out: () => {
      signedIn = false;
      return { server: now() };
    },
  });
  return { asked, comeBack: () => comeBack() };
}

describe("a server that wants to know who asks", () => {
  it("is signed in to on a page of its own, and out of again", async () => {
    const { comeBack } = house("https://accounts.example.com/authorize?state=1");
    draw();
    await userEvent.click(await screen.findByRole("button", { name: "Look again" }));
    await screen.findByText("This server wants you to sign in");
    await userEvent.click(await screen.findByRole("button", { name: "Sign in" }));
    const link = await screen.findByRole("link", { name: "Sign in at accounts.example.com" });
    expect(link.getAttribute("href")).toBe("https://accounts.example.com/authorize?state=1");
    expect(link.getAttribute("rel")).toBe("noopener noreferrer");
    expect(open.mock.calls).toEqual([
      ["https://accounts.example.com/authorize?state=1", "_blank", "noopener,noreferrer"],
    ]);
    comeBack();
    await userEvent.click(await screen.findByRole("button", { name: "Sign out" }));
    await screen.findByRole("button", { name: "Sign in" });
  });

  it("is no way to run anything in this page", async () => {
    house("javascript:alert(1)");
    draw("/servers/tracker?tab=health");
    await userEvent.click(await screen.findByRole("button", { name: "Sign in" }));
    await screen.findByText(/Waiting for you to sign in/);
    expect(screen.queryByRole("link", { name: /^Sign in at/ })).toBeNull();
    expect(open).not.toHaveBeenCalled();
  });

  it("says it in German too", async () => {
    house("https://accounts.example.com/");
    draw("/servers/tracker?tab=health", "de");
    await waitFor(() => screen.getByRole("button", { name: "Anmelden" }));
    screen.getByText("Niemand hat sich bei ihm angemeldet. Viele Server verlangen keine Anmeldung.");
  });
});
