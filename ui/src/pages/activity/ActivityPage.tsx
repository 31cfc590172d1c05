import { Page } from "@/components/Page";

export default function ActivityPage() {
  return <Page title="ActivityPage">…</Page>;
}
