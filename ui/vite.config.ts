import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import type { ProxyOptions } from "vite";
import { defineConfig } from "vitest/config";

// `npm run dev` stands in front of a running oikos; OIKOS_URL says where it answers.
const oikos = process.env["OIKOS_URL"] ?? "http://127.0.0.1:7070";

// oikos answers pages of its own origin alone, so that is where requests say that they come from.
const behind: ProxyOptions = {
  target: oikos,
  changeOrigin: true,
  configure(proxy) {
    proxy.on("proxyReq", (request) => request.getHeader("origin") && request.setHeader("origin", oikos));
    proxy.on("proxyReqWs", (request) => request.setHeader("origin", oikos));
  },
};
const proxy = { "/api": behind, "/mcp": behind, "/ws": { ...behind, ws: true } };

// As crates/gateway/src/page.rs says it.
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; " +
  "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
  "require-trusted-types-for 'script'; trusted-types dompurify sw";

const SMALL_VIEWS =
  /\/(src\/views\/(ResultView|Guard|JsonTree|card|chart|check|diff|each|facts|host|key-value|log|mcp|search-cards|sound|status|table|use-window|weather-cards)\.tsx?$|renderers\/shared\/(?!map|world)|renderers\/(card|chart|diff|key-value|log|mcp|search-cards|status|table|weather-cards)\/schema\.json$)/;

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { alias: { "@": fileURLToPath(new URL("src", import.meta.url)) } },
  build: {
    target: "es2023",
    // For build/ahead.mjs, which takes it away again.
    manifest: true,
    // Inlined files would be data: addresses, which the policy refuses for scripts and fonts.
    assetsInlineLimit: 0,
    modulePreload: {
      polyfill: false,
      // build/ahead.mjs has a screen's scripts fetched at once, and the worker all of them soon after. Asking for each
      // again before it is imported holds up whoever clicks.
      resolveDependencies: (_, names) => names.filter((name) => name.endsWith(".css")),
    },
    sourcemap: false,
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            // One file, where there would be eight: a browser asks for six at once.
            { name: "shell", tags: ["$initial"], priority: 2 },
            { name: "validator", test: /\/@cfworker\//, priority: 2 },
            // What draws results, but for what is large: small files that would be asked for one behind the other.
            { name: "views", test: SMALL_VIEWS, priority: 1 },
            { name: "parts", test: /\/src\/(components|live|text|api)\//, minShareCount: 2, priority: 1 },
          ],
        },
      },
    },
  },
  server: { proxy },
  preview: { proxy, headers: { "content-security-policy": POLICY } },
  test: {
    environment: "jsdom",
    include: ["test/unit/**/*.test.{ts,tsx}"],
    setupFiles: ["test/unit/setup.ts"],
    testTimeout: 20_000,
  },
});
