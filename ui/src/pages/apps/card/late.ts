// The card of an app, for screens that show it to who asks for it.
import { part } from "@/components/part";

export const InstallDialog = part(async () => ({ default: (await import("./InstallDialog")).InstallDialog }));
