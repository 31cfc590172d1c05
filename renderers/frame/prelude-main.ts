import { preludeRun } from "./prelude";

preludeRun(window);
document.currentScript?.remove();
