import { Page } from "@/components/Page";

export default function WelcomePage() {
  return <Page title="WelcomePage">…</Page>;
}
