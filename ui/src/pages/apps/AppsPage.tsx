import { Page } from "@/components/Page";

export default function AppsPage() {
  return <Page title="AppsPage">…</Page>;
}
