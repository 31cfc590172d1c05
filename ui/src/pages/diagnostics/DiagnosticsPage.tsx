import { Page } from "@/components/Page";

export default function DiagnosticsPage() {
  return <Page title="DiagnosticsPage">…</Page>;
}
