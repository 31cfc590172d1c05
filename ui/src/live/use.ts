import { useSyncExternalStore } from "react";
import type { Schemas } from "@/api/client";
import { session } from "@/api/session";
import { line, type LineState } from "./line";

export const useLineState = (): LineState => useSyncExternalStore(line.subscribe, line.state);
export const useQuestions = (): readonly Schemas["Question"][] => useSyncExternalStore(line.subscribe, line.questions);
export const useIsSignedIn = (): boolean => useSyncExternalStore(session.subscribe, () => session.secret() !== null);
