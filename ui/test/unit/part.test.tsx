// A part of the page that was loaded ahead is drawn with what stands around it, and not behind it.
import { render, screen } from "@testing-library/react";
import { Suspense } from "react";
import { expect, it } from "vitest";
import { part } from "@/components/part";

const load = () => Promise.resolve({ default: ({ name }: { name: string }) => <p>here is {name}</p>, more: 7 });

it("is drawn at once where it was loaded ahead", async () => {
  const Late = part(load);
  expect((await Late.load()).more).toBe(7);
  render(<Suspense fallback="coming">{<Late name="it" />}</Suspense>);
  expect(screen.getByText("here is it")).toBeTruthy();
});

it("comes when it is first drawn", async () => {
  const Late = part(load);
  render(<Suspense fallback="coming">{<Late name="it" />}</Suspense>);
  expect(screen.getByText("coming")).toBeTruthy();
  expect(await screen.findByText("here is it")).toBeTruthy();
});

it("is asked for again after it failed to come", async () => {
  let times = 0;
  const Late = part(() => ((times += 1) === 1 ? Promise.reject(new Error("away")) : load()));
  await expect(Late.load()).rejects.toThrow("away");
  render(<Suspense fallback="coming">{<Late name="it" />}</Suspense>);
  expect(await screen.findByText("here is it")).toBeTruthy();
});
