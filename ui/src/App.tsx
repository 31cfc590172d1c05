import { useQueryClient } from "@tanstack/react-query";
import { Suspense, useEffect } from "react";
import { Route, Switch, useLocation } from "wouter";
import { Loading } from "@/components/Asked";
import { useWords } from "@/i18n";
import { PartBoundary } from "@/layout/PartBoundary";
import { Shell } from "@/layout/Shell";
import { words } from "@/layout/words";
import { useArrival } from "@/live/arrival";
import { line } from "@/live/line";
import { followNews } from "@/live/news";
import { followQuestions } from "@/live/notify";
import { useIsSignedIn } from "@/live/use";
import { NotFoundPage, ROUTES, SignInPage } from "@/routes";

export function App() {
  const said = useWords(words);
  const isArriving = useArrival().state !== "none";
  // While a link decides who this is, nothing of whoever it was before is shown.
  const isSignedIn = useIsSignedIn() && !isArriving;
  const queries = useQueryClient();
  const [location] = useLocation();
  useEffect(() => {
    if (!isSignedIn) {
      line.stop();
      // What somebody saw is not shown to whoever comes next.
      queries.clear();
      return undefined;
    }
    line.start();
    addEventListener("online", line.start);
    const unfollow = followNews(queries);
    const unfollowQuestions = followQuestions();
    return () => {
      removeEventListener("online", line.start);
      unfollow();
      unfollowQuestions();
    };
  }, [isSignedIn, queries]);
  if (!isSignedIn) {
    return (
      <Suspense fallback={<Loading />}>
        <SignInPage />
      </Suspense>
    );
  }
  return (
    <Shell>
      <PartBoundary key={location} title={said.failedPart} reload={said.reload}>
        <Switch>
          {ROUTES.map(({ path, screen }) => (
            <Route key={path} path={path} component={screen} />
          ))}
          <Route component={NotFoundPage} />
        </Switch>
      </PartBoundary>
    </Shell>
  );
}
