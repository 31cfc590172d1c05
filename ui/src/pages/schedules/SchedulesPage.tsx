import { Page } from "@/components/Page";

export default function SchedulesPage() {
  return <Page title="SchedulesPage">…</Page>;
}
