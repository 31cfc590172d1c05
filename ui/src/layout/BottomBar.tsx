import { useState } from "react";
import { Link, useLocation } from "wouter";
import { Icon } from "@/components/Icon";
import { useWords } from "@/i18n";
import { useQuestions } from "@/live/use";
import { ROUTES } from "@/routes";
import { MenuItem } from "./Sidebar";
import { StopAll } from "./StopAll";
import { words } from "./words";

const FIRST = new Set<string>(["apps", "runs", "approvals"]);
const SLOT =
  "flex h-full w-full flex-col items-center justify-center gap-0.5 px-0.5 text-xs whitespace-nowrap text-muted aria-[current]:font-semibold aria-[current]:text-ink";

/** The menu of a phone, within reach of a thumb. */
export function BottomBar({ onPalette }: { onPalette(): void }) {
  const said = useWords(words);
  const [location] = useLocation();
  const [more, setMore] = useState(false);
  const questions = useQuestions().length;
  return (
    <nav
      aria-label={said.navigation}
      className="fixed inset-x-0 bottom-0 z-30 border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      {more && (
        <div id="more" className="border-b border-line px-3 py-3">
          <ul className="grid grid-cols-2 gap-1">
            {ROUTES.map(
              ({ path, menu }) =>
                menu &&
                !FIRST.has(menu.word) && <MenuItem key={path} path={path} menu={menu} onGo={() => setMore(false)} />,
            )}
            <li>
              <button
                type="button"
                className="flex min-h-11 w-full items-center gap-3 rounded-lg px-3 text-sm text-muted"
                onClick={() => {
                  setMore(false);
                  onPalette();
                }}
              >
                <Icon name="search" className="size-4.5" /> {said.palette}
              </button>
            </li>
          </ul>
        </div>
      )}
      <ul className="grid h-16 grid-cols-[repeat(4,minmax(auto,1fr))_auto]">
        {ROUTES.map(
          ({ path, menu }) =>
            menu &&
            FIRST.has(menu.word) && (
              <li key={path} className="relative">
                <Link
                  href={path}
                  onClick={() => setMore(false)}
                  aria-current={location === path || location.startsWith(`${path}/`) ? "page" : undefined}
                  className={SLOT}
                >
                  <Icon name={menu.icon} />
                  {said.menu[menu.word]}
                  {menu.word === "approvals" && questions > 0 && (
                    <span className="absolute end-1/4 top-1.5 rounded-full bg-accent px-1.5 text-xs font-semibold text-on-accent">
                      <span className="sr-only">{said.questions(questions)}</span>
                      <span aria-hidden="true">{questions}</span>
                    </span>
                  )}
                </Link>
              </li>
            ),
        )}
        <li>
          <button
            type="button"
            aria-expanded={more}
            aria-controls="more"
            className={SLOT}
            onClick={() => setMore(!more)}
          >
            <Icon name="more" />
            {said.more}
          </button>
        </li>
        <li className="flex items-center px-1.5">
          <StopAll small />
        </li>
      </ul>
    </nav>
  );
}
