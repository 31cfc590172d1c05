import { Page } from "@/components/Page";

export default function SignInPage() {
  return <Page title="SignInPage">…</Page>;
}
