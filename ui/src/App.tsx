import { useQueryClient } from "@tanstack/react-query";
import { Suspense, useEffect } from "react";
import { Route, Switch, useLocation } from "wouter";
import { Loading } from "@/components/Asked";
import { useWords } from "@/i18n";
import { PartBoundary } from "@/layout/PartBoundary";
import { Shell } from "@/layout/Shell";
import { words } from "@/layout/words";
import { line } from "@/live/line";
import { followNews } from "@/live/news";
import { useIsSignedIn } from "@/live/use";
import { NotFoundPage, ROUTES, SignInPage } from "@/routes";

export function App() {
  const said = useWords(words);
  const isSignedIn = useIsSignedIn();
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
    return () => {
      removeEventListener("online", line.start);
      unfollow();
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
