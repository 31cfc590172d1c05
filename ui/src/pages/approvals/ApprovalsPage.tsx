import { Page } from "@/components/Page";

export default function ApprovalsPage() {
  return <Page title="ApprovalsPage">…</Page>;
}
