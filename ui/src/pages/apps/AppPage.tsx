import { Page } from "@/components/Page";

export default function AppPage() {
  return <Page title="AppPage">…</Page>;
}
