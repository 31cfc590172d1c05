import type { Templates } from "./sentence";

export const german: Templates = {};
