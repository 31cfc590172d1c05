import { Page } from "@/components/Page";

export default function GrantsPage() {
  return <Page title="GrantsPage">…</Page>;
}
