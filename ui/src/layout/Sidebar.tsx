import { useQuery } from "@tanstack/react-query";
import { Link, useLocation } from "wouter";
import { reads } from "@/api/operations";
import { Icon } from "@/components/Icon";
import { useWords } from "@/i18n";
import { useLineState, useQuestions } from "@/live/use";
import { ROUTES } from "@/routes";
import { StopAll } from "./StopAll";
import { words } from "./words";

const DOTS = { open: "bg-good", waiting: "bg-caution", ended: "bg-danger", "signed-out": "bg-danger" };

export function Sidebar({ onPalette }: { onPalette(): void }) {
  const said = useWords(words);
  const state = useLineState();
  const status = useQuery(reads.status());
  return (
    <aside className="fixed inset-y-0 start-0 z-30 hidden w-60 flex-col border-e border-line bg-surface md:flex">
      <Link href="/" className="mx-2 mt-3 flex items-center gap-2 rounded-lg px-3 py-1.5 text-lg font-semibold">
        <img src="/icon.svg" alt="" className="size-7" /> oikos
      </Link>
      <button
        type="button"
        onClick={onPalette}
        aria-keyshortcuts="Control+K Meta+K"
        className="mx-3 mt-3 flex items-center gap-2 rounded-lg border border-control px-3 py-1.5 text-sm text-muted hover:bg-raised"
      >
        <Icon name="search" className="size-4" />
        <span className="grow text-start">{said.palette}</span>
        <kbd className="font-sans text-xs whitespace-nowrap">{said.paletteKey}</kbd>
      </button>
      <nav aria-label={said.navigation} className="mt-3 min-h-0 grow overflow-y-auto px-2">
        <ul className="space-y-0.5">
          {ROUTES.map(({ path, menu }) => menu && <MenuItem key={path} path={path} menu={menu} />)}
        </ul>
      </nav>
      <div className="space-y-2 border-t border-line p-3">
        <StopAll />
        <p className="flex items-center gap-2 text-xs text-muted" role="status">
          <span aria-hidden="true" className={`size-2 rounded-full ${DOTS[state]}`} />
          {state === "signed-out" ? said.device.ended : said.device[state]}
          {status.data && <span className="ms-auto">{status.data.version}</span>}
        </p>
      </div>
    </aside>
  );
}

export function MenuItem(props: {
  path: string;
  menu: NonNullable<(typeof ROUTES)[number]["menu"]>;
  onGo?: () => void;
}) {
  const { path, menu, onGo } = props;
  const said = useWords(words);
  const [location] = useLocation();
  const questions = useQuestions().length;
  const isHere = location === path || location.startsWith(`${path}/`);
  return (
    <li>
      <Link
        href={path}
        onClick={() => onGo?.()}
        aria-current={isHere ? "page" : undefined}
        className="flex min-h-9 items-center gap-3 rounded-lg px-3 text-sm text-muted hover:bg-raised hover:text-ink aria-[current]:bg-raised aria-[current]:text-ink pointer-coarse:min-h-11"
      >
        <Icon name={menu.icon} className="size-4.5" />
        {said.menu[menu.word]}
        {menu.word === "approvals" && questions > 0 && (
          <span className="ms-auto rounded-full bg-accent px-2 text-xs font-semibold text-on-accent">
            <span className="sr-only">{said.questions(questions)}</span>
            <span aria-hidden="true">{questions}</span>
          </span>
        )}
      </Link>
    </li>
  );
}
