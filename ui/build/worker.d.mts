/** The worker with the files of a folder in it. */
export function filled(worker: string, folder: string): string;
