import { Page } from "@/components/Page";

export default function NotFoundPage() {
  return <Page title="NotFoundPage">…</Page>;
}
