import { acts } from "./operations";
import { problemOf } from "./problem";
import { session } from "./session";

/** Ends what this browser may. A login that is over already is as good as ended. */
export async function signOut(): Promise<void> {
  const login = session.login();
  try {
    if (login) await acts.loginRevoke(login);
  } catch (error) {
    const { status } = problemOf(error);
    if (status !== 401 && status !== 404) throw error;
  }
  session.end();
}
