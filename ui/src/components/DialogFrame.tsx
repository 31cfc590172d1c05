import { Dialog as Base } from "@base-ui/react/dialog";
import { useRef } from "react";
import { useWords } from "@/i18n";
import { useDialogFocus } from "./begin";
import type { DialogProps } from "./Dialog";
import { Icon } from "./Icon";

const words = { en: { close: "Close" }, de: { close: "Schließen" } };

export function DialogFrame({
  open,
  title,
  lead,
  children,
  footer,
  wide = false,
  closable = true,
  onClose,
}: DialogProps) {
  const said = useWords(words);
  const heading = useRef<HTMLHeadingElement>(null);
  const focusAfter = useDialogFocus(open);
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && closable && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-black/50" />
        <Base.Popup
          initialFocus={heading}
          finalFocus={() => focusAfter()}
          className={`fixed inset-x-0 bottom-0 z-50 flex max-h-[92dvh] flex-col rounded-t-2xl border border-line bg-surface text-ink shadow-2xl sm:inset-0 sm:m-auto sm:h-fit sm:max-h-[88dvh] sm:w-[min(100%-2rem,var(--width))] sm:rounded-2xl ${wide ? "[--width:46rem]" : "[--width:32rem]"}`}
        >
          <header className="flex items-start gap-3 border-b border-line px-5 py-4">
            <div className="min-w-0 grow">
              <Base.Title ref={heading} tabIndex={-1} className="text-lg font-semibold">
                {title}
              </Base.Title>
              {lead && <Base.Description className="mt-0.5 text-sm text-muted">{lead}</Base.Description>}
            </div>
            {closable && (
              <Base.Close
                aria-label={said.close}
                className="-me-2 -mt-1 inline-flex size-9 items-center justify-center rounded-lg text-muted hover:bg-raised hover:text-ink"
              >
                <Icon name="close" />
              </Base.Close>
            )}
          </header>
          <div className="min-h-0 grow overflow-y-auto px-5 py-4">{children}</div>
          {footer && (
            <footer className="flex flex-wrap justify-end gap-2 border-t border-line px-5 py-3 pb-[max(0.75rem,env(safe-area-inset-bottom))]">
              {footer}
            </footer>
          )}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
