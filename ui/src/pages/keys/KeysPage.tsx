import { Page } from "@/components/Page";

export default function KeysPage() {
  return <Page title="KeysPage">…</Page>;
}
