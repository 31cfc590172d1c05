import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useLocation } from "wouter";
import { handFile, newFile } from "@/api/files";
import { problemOf, UNREACHABLE } from "@/api/problem";
import { faultsOf, startRun, type NamedFile } from "@/api/start";
import { announce } from "@/components/Announce";
import { to } from "@/routes";
import { useWords } from "@/i18n";
import { textOf, withoutFiles, type FileChoice, type FileFieldInfo } from "./fileFields";
import { rememberFilled, rememberRun, type GivenFile } from "./remembered";
import { words } from "./start-words";

export interface Starting {
  isBusy: boolean;
  error: unknown;
  /** What oikos found wrong with the input, by JSON Pointer. */
  problems: Record<string, string[]> | undefined;
  /** The file that is being handed over now. */
  handing: { name: string; sentBytes: number; totalBytes: number } | null;
  start(input: unknown, choices: Readonly<Record<string, FileChoice>>): void;
  cancel(): void;
}

/** Hands over what the run gets, begins it, and goes to it. */
export function useStart(app: string, action: string, fields: readonly FileFieldInfo[]): Starting {
  const said = useWords(words);
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [problems, setProblems] = useState<Record<string, string[]>>();
  const [handing, setHanding] = useState<Starting["handing"]>(null);
  const ending = useRef<AbortController | null>(null);
  // Asked again after the network broke, the same request is the same run.
  const request = useRef<{ said: string; id: string } | null>(null);
  // What came through is not handed over twice because the start failed.
  const handed = useRef(new Map<File | string, string>());
  useEffect(() => () => ending.current?.abort(), []);

  const give = async (name: string, choice: FileChoice, signal: AbortSignal): Promise<GivenFile> => {
    const access = fields.find((field) => field.name === name)?.access ?? "read";
    const given = { name, access, called: textOf(choice) ?? "" };
    if (choice.way === "path") return { ...given, path: choice.path.trim() };
    if (choice.way === "handed") return { ...given, handed: choice.id };
    const key = choice.way === "new" ? `${name}/${given.called}` : choice.file;
    if (key === null) throw new Error(`nothing was chosen for ${name}`);
    let id = handed.current.get(key);
    if (!id && typeof key === "string") id = (await newFile(given.called, signal)).id;
    if (!id && typeof key !== "string") {
      const onProgress = (sentBytes: number) => setHanding({ name, sentBytes, totalBytes: key.size });
      id = (await handFile(key, { signal, onProgress })).id;
    }
    if (!id) throw new Error(`nothing was handed over for ${name}`);
    handed.current.set(key, id);
    return { ...given, handed: id };
  };

  const begin = async (whole: unknown, choices: Readonly<Record<string, FileChoice>>) => {
    const controller = new AbortController();
    const { signal } = controller;
    ending.current = controller;
    setBusy(true);
    setError(null);
    setProblems(undefined);
    const input = withoutFiles(whole, fields);
    const chosen = Object.entries(choices).filter(([, choice]) => textOf(choice) !== undefined);
    const paths = chosen.flatMap(([name, choice]) => (choice.way === "path" ? [[name, choice.path] as const] : []));
    rememberFilled(app, action, { input, paths: Object.fromEntries(paths) });
    try {
      const given: GivenFile[] = [];
      for (const [name, choice] of chosen) given.push(await give(name, choice, signal));
      setHanding(null);
      const files = given.map(({ name, path = "", handed }): NamedFile => (handed ? { name, handed } : { name, path }));
      const start = { app, action, input, files };
      const asked = JSON.stringify(start);
      if (request.current?.said !== asked) request.current = { said: asked, id: crypto.randomUUID() };
      const run = await startRun(start, request.current.id, signal);
      rememberRun(run, { app, action, input, files: given });
      void queries.invalidateQueries({ queryKey: ["runs"] });
      navigate(to.run(run));
    } catch (failure) {
      if (signal.aborted) return;
      const problem = problemOf(failure);
      if (problem.code !== UNREACHABLE) request.current = null;
      // What was handed over may be gone over there: it is handed over anew.
      if (problem.code === "not_found") handed.current.clear();
      const faults = problem.code === "invalid_input" ? faultsOf(problem.message) : [];
      setProblems(faults.length > 0 ? byPointer(faults) : undefined);
      setError(failure);
    } finally {
      setHanding(null);
      setBusy(false);
    }
  };

  return {
    isBusy,
    error,
    problems,
    handing,
    start: (input, choices) => void begin(input, choices),
    cancel() {
      ending.current?.abort();
      announce(said.cancelled);
    },
  };
}

function byPointer(faults: readonly { pointer: string; message: string }[]): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const { pointer, message } of faults) (found[pointer] ??= []).push(message);
  return found;
}
