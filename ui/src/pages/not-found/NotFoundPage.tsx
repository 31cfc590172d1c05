import { useLocation } from "wouter";
import { ButtonLink, TextLink } from "@/components/Button";
import { Page } from "@/components/Page";
import { useWords } from "@/i18n";
import { words as shell } from "@/layout/words";
import { ROUTES } from "@/routes";
import { shortenText } from "@/text/escape";
import { words } from "./words";

export default function NotFoundPage() {
  const said = useWords(words);
  const { menu } = useWords(shell);
  const [location] = useLocation();
  return (
    <Page title={said.title} lead={said.lead}>
      <p className="mb-4">
        <code className="font-mono text-sm">{shortenText(location, 200)}</code>
      </p>
      <ButtonLink href="/" look="main">
        {said.home}
      </ButtonLink>
      <p className="mt-6 mb-2">{said.screens}</p>
      <ul className="grid gap-x-6 gap-y-2 sm:grid-cols-2">
        {ROUTES.map(
          (route) =>
            route.menu && (
              <li key={route.path}>
                <TextLink href={route.path} className="inline-block py-1">
                  {menu[route.menu.word]}
                </TextLink>
              </li>
            ),
        )}
      </ul>
    </Page>
  );
}
