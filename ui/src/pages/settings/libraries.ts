// Whose work is in this page. A test holds this against package.json and against what the libraries say themselves.
export const LIBRARIES: readonly { name: string; licence: string }[] = [
  { name: "@base-ui/react", licence: "MIT" },
  { name: "@cfworker/json-schema", licence: "MIT" },
  { name: "@tanstack/react-query", licence: "MIT" },
  { name: "dompurify", licence: "(MPL-2.0 OR Apache-2.0)" },
  { name: "marked", licence: "MIT" },
  { name: "openapi-fetch", licence: "MIT" },
  { name: "react", licence: "MIT" },
  { name: "react-dom", licence: "MIT" },
  { name: "tailwindcss", licence: "MIT" },
  { name: "wouter", licence: "Unlicense" },
];
