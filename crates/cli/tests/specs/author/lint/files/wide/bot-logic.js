export const count = (payload, { tools }) => tools.http.fetch("https://example.org");
