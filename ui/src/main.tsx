import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { startTransition, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Problem } from "@/api/problem";
import { session } from "@/api/session";
import { LanguageProvider } from "@/i18n";
import { followLinks } from "@/live/arrival";
import { startWorker } from "@/live/worker";
import { App } from "./App";
import { loadScreen } from "./routes";
import "./styles.css";

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // News says what is old (live/news.ts); this is for what no news tells of.
      staleTime: 30_000,
      refetchOnWindowFocus: true,
      retry: (count, error) => !(error instanceof Problem) && count < 2,
    },
  },
});

followLinks();

const place = document.getElementById("root");
if (!place) throw new Error("index.html has no place for the page");
const root = createRoot(place);

/** The shell waits for its first screen no longer than this. What then still is to come shows that it is loading. */
const FIRST_SCREEN_MS = 1_000;
const first = loadScreen(location.pathname, session.secret() !== null);
const late = new Promise<void>((resolve) => setTimeout(resolve, FIRST_SCREEN_MS));
// A part that fails to load is told of where it is drawn.
void Promise.race([first.catch(() => {}), late]).then(() => {
  // In small pieces, so that whoever clicks meanwhile is heard.
  startTransition(() => {
    root.render(
      <StrictMode>
        <QueryClientProvider client={queries}>
          <LanguageProvider>
            <App />
          </LanguageProvider>
        </QueryClientProvider>
      </StrictMode>,
    );
  });
});

if (import.meta.env.PROD) startWorker();
