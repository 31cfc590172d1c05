import { useQuery } from "@tanstack/react-query";
import { reads } from "@/api/operations";
import { Asked } from "@/components/Asked";
import { ButtonLink } from "@/components/Button";
import { Empty, Page, Section } from "@/components/Page";
import { useWords } from "@/i18n";
import { AppSchedules, byApp } from "./AppSchedules";
import { EmitEvent } from "./EmitEvent";
import { words } from "./words";

export default function SchedulesPage() {
  const said = useWords(words);
  const schedules = useQuery(reads.scheduleList());
  return (
    <Page title={said.title} lead={said.lead}>
      <Section title={said.clock}>
        <Asked query={schedules}>
          {({ schedules }) =>
            schedules.length === 0 ? (
              <Empty title={said.none}>
                <p className="mb-3">{said.noneHow}</p>
                <ButtonLink href="/apps">{said.toApps}</ButtonLink>
              </Empty>
            ) : (
              <>
                <ul className="space-y-4">
                  {byApp(schedules).map(([app, ofApp]) => (
                    <AppSchedules key={app} app={app} schedules={ofApp} />
                  ))}
                </ul>
                <p className="mt-3 text-sm text-muted">{said.missed}</p>
              </>
            )
          }
        </Asked>
      </Section>
      <EmitEvent />
    </Page>
  );
}
