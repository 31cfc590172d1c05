import { useQuery } from "@tanstack/react-query";
import { Redirect } from "wouter";
import { reads } from "@/api/operations";
import { Asked } from "@/components/Asked";
import { Page } from "@/components/Page";
import { wasWelcomed } from "@/pages/welcome/welcomed";

/** Leads to the apps, and whoever has none and was not greeted yet to the first steps. */
export default function HomePage() {
  const query = useQuery(reads.appList());
  if (query.data) return <Redirect replace href={query.data.length === 0 && !wasWelcomed() ? "/welcome" : "/apps"} />;
  return (
    <Page title="oikos">
      <Asked query={query}>{() => null}</Asked>
    </Page>
  );
}
