import type { Schemas } from "@/api/client";

export type Server = Schemas["ServerView"];
export type Tool = Schemas["ServerToolView"];
export type ServerState = "enabled" | "disabled";

export const stateOf = ({ enabled }: Server): ServerState => (enabled ? "enabled" : "disabled");

/** Why its last run came to nothing. What runs now can be had. */
export const faultOf = ({ fault, running }: Server): Schemas["Failure"] | null => (running ? null : (fault ?? null));

/** Whether a tool is not to be called before the owner has said yes to what it is now. */
export const waits = ({ standing }: Tool): boolean => standing === "added" || standing === "changed";

export const waitingOf = ({ tools }: Server): Tool[] => tools.filter(waits);

export const acceptedOf = ({ tools }: Server): Tool[] => tools.filter(({ standing }) => standing === "accepted");

/** An address is called; anything else is started here. */
export const isElsewhere = ({ place }: Pick<Server, "place">): boolean => /^https?:\/\//i.test(place);
