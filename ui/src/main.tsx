import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Problem } from "@/api/problem";
import { LanguageProvider } from "@/i18n";
import { followLinks } from "@/live/arrival";
import { startWorker } from "@/live/worker";
import { App } from "./App";
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

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no place for the page");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <LanguageProvider>
        <App />
      </LanguageProvider>
    </QueryClientProvider>
  </StrictMode>,
);

if (import.meta.env.PROD) startWorker();
