import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { cronText } from "@/pages/schedules/cron";
import SchedulesPage from "@/pages/schedules/SchedulesPage";
import { paperOikos, Refuse, renderScreen } from "../kit";

const RUN = "0193c8a2-7d34-7000-8000-000000000001";
const EVENT = "0193c8a2-7d34-7000-8000-000000000002";
const AT = Date.UTC(2026, 10, 2, 7, 0);
const schedule = {
  app: "notes",
  action: "report",
  cron: "0 8 * * 1-5",
  time_zone: "Europe/Berlin",
  state: { code: "schedule_on" },
  next: [AT, AT + 86_400_000],
};
const run = { run: RUN, app: "porch", action: "heard", started_at: AT, ended_at: AT + 5 };

const draw = (language: "en" | "de" = "en", at = "/schedules") =>
  renderScreen(SchedulesPage, { path: "/schedules", at, language });

describe("cron in words", () => {
  it.each([
    ["0 8 * * 1-5", "on Monday to Friday, at 08:00", "montags bis freitags, um 08:00 Uhr"],
    ["* * * * *", "every minute", "jede Minute"],
    ["*/10 * * * *", "every 10 minutes", "alle 10 Minuten"],
    ["*/10 * * * 6,0", "on Saturday and Sunday, every 10 minutes", "samstags und sonntags, alle 10 Minuten"],
    ["15 * * * *", "every hour, at minute 15", "jede Stunde, zur Minute 15"],
    ["0 */6 * * *", "every 6 hours, on the hour", "alle 6 Stunden, zur vollen Stunde"],
    ["30 7,19 * * *", "every day, at 07:30 and 19:30", "jeden Tag, um 07:30 und 19:30 Uhr"],
    ["0 9 1,15 * *", "on the 1st and 15th of each month, at 09:00", "am 1. und 15. jedes Monats, um 09:00 Uhr"],
    ["0 0 24 dec *", "on the 24th of December, at 00:00", "am 24. im Dezember, um 00:00 Uhr"],
    ["5 4 * * sun", "every Sunday, at 04:05", "jeden Sonntag, um 04:05 Uhr"],
    ["5 4 * * 7", "every Sunday, at 04:05", "jeden Sonntag, um 04:05 Uhr"],
  ])("says %s", (cron, english, german) => {
    expect(cronText(cron, "en")).toBe(english);
    expect(cronText(cron, "de")).toBe(german);
  });

  it.each([
    "0 9 1 * 1",
    "*/7 * * * *",
    "0 8 L * *",
    "0 8 * * 1#2",
    "@daily",
    "1 2 3",
    "0 25 * * *",
    "0 8 * * 5-1",
    "*/0 * * * *",
    "0-40 8-18 * * *",
  ])("leaves %s as it is written", (cron) => {
    expect(cronText(cron, "en")).toBeNull();
  });
});

describe("schedules", () => {
  it("says what the clock starts, when, and how it went", async () => {
    const last = {
      slot: AT,
      started_at: AT,
      ended_at: AT + 1,
      run: RUN,
      failure: { code: "timeout", message: "too \u202elong" },
    };
    const paused = { ...schedule, cron: "0 9 1 * 1", state: { code: "schedule_paused" }, next: [], last };
    paperOikos({ schedule_list: { schedules: [schedule, paused] } });
    draw();
    const part = within(await screen.findByRole("region", { name: "By the clock" }));
    expect(await part.findByText("on Monday to Friday, at 08:00")).toBeTruthy();
    expect(part.getAllByRole("heading", { level: 3 })).toHaveLength(1);
    expect(part.getByRole("link", { name: "notes" }).getAttribute("href")).toBe("/apps/notes");
    // Eight in Berlin, wherever this browser is.
    expect(part.getAllByText(/Mon, Nov 2, 08:00$/)).toHaveLength(2);
    expect(part.getByText("0 9 1 * 1").tagName).toBe("CODE");
    expect(part.getByText("paused by stop")).toBeTruthy();
    expect(part.getByText("too \\u{202e}long")).toBeTruthy();
    expect(part.getByRole("link", { name: "To the run" }).getAttribute("href")).toBe(`/runs/${RUN}`);
  });

  it("says why there are none", async () => {
    paperOikos({ schedule_list: { schedules: [] } });
    draw("de");
    expect(await screen.findByText("Keine App will von der Uhr gestartet werden")).toBeTruthy();
    expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("Zeitpläne und Ereignisse");
  });
});

describe("an event", () => {
  it("is sent, and it is said who heard it", async () => {
    const failed = { ...run, run: EVENT, app: "hall", failure: { code: "timeout", message: "<b>late</b>" } };
    const asked = paperOikos({
      schedule_list: { schedules: [] },
      event_emit: { heard: { event: EVENT, runs: [run, failed], is_pending: true } },
    });
    draw("en", "/schedules?topic=home.door.front");
    expect((screen.getByLabelText("Topic") as HTMLInputElement).value).toBe("home.door.front");
    await userEvent.type(screen.getByLabelText(/What it says/), '{{"who": "me"}');
    await userEvent.click(screen.getByRole("button", { name: "Send event" }));
    const came = within(await screen.findByRole("region", { name: "What came of home.door.front" }));
    expect(came.getByText("home.door.front was heard by 2 apps.")).toBeTruthy();
    expect(came.getAllByRole("link").map((link) => link.getAttribute("href"))).toEqual([
      `/runs/${RUN}`,
      `/runs/${EVENT}`,
    ]);
    expect(came.getByText("<b>late</b>")).toBeTruthy();
    expect(came.getByText(/still being heard/)).toBeTruthy();
    expect(asked.at(-1)?.body).toEqual({ topic: "home.door.front", payload: { who: "me" } });
  });

  it("is not sent as long as something is wrong with it", async () => {
    const asked = paperOikos({ schedule_list: { schedules: [] } });
    draw();
    await userEvent.type(screen.getByLabelText("Topic"), "Home Door");
    await userEvent.type(screen.getByLabelText(/What it says/), "{{who");
    await userEvent.click(screen.getByRole("button", { name: "Send event" }));
    expect(screen.getByText(/That is no topic/)).toBeTruthy();
    expect(screen.getByText(/That is no JSON/)).toBeTruthy();
    expect(asked.filter(({ operation }) => operation === "event_emit")).toEqual([]);
  });

  it("that was answered shows the answer; that was refused says why", async () => {
    const answer = {
      ...run,
      text: "pong\u202e",
      effects: [],
      undoable: false,
      usage: { wall_ms: 1, cpu_us: 1, host_cpu_us: 1, memory_bytes: 1, host_bytes: 1, chunks: 1, log_dropped: 0 },
    };
    const answers = [
      { heard: { event: EVENT, runs: [run], answer } },
      new Refuse(403, "permission_denied", "only oikos sends that"),
    ];
    paperOikos({ schedule_list: { schedules: [] }, event_emit: () => answers.shift() });
    draw();
    await userEvent.type(screen.getByLabelText("Topic"), "user.message");
    await userEvent.click(screen.getByRole("button", { name: "Send event" }));
    expect(await screen.findByText("pong\\u{202e}")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Send event" }));
    expect((await screen.findByRole("alert")).textContent).toContain("only oikos sends that");
    expect(screen.queryByText("pong\\u{202e}")).toBeNull();
  });
});
