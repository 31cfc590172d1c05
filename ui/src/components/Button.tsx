import type { ButtonHTMLAttributes, ReactNode } from "react";
import { Link as Anchor } from "wouter";

type Look = "main" | "plain" | "quiet" | "danger";

const BASE =
  "inline-flex min-h-9 wrap-normal items-center justify-center gap-2 rounded-lg px-3.5 py-1.5 text-sm font-medium text-center transition-colors disabled:opacity-60 pointer-coarse:min-h-11";
const LOOKS: Record<Look, string> = {
  main: "bg-accent text-on-accent hover:bg-accent-strong",
  plain: "border border-control bg-surface text-ink hover:bg-raised",
  quiet: "text-accent hover:bg-raised hover:text-accent-strong",
  danger: "bg-danger text-on-danger hover:brightness-110",
};

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look;
  /** Something is under way because of it: it stays where it is, says so, and does nothing twice. */
  busy?: boolean;
}

export function Button({
  look = "plain",
  busy = false,
  className = "",
  type = "button",
  children,
  ...rest
}: ButtonProps) {
  return (
    <button
      type={type}
      aria-busy={busy || undefined}
      aria-disabled={busy || undefined}
      className={`${BASE} ${LOOKS[look]} ${className}`}
      {...rest}
      onClick={busy ? (event) => event.preventDefault() : rest.onClick}
    >
      {busy && <Spinner />}
      {children}
    </button>
  );
}

/** A link that looks like a button, for what leads somewhere. */
export function ButtonLink(props: {
  href: string;
  look?: Look;
  children: ReactNode;
  className?: string;
  /** Where several of one word are on a screen: that word, and what of. */
  label?: string;
}) {
  const { href, look = "plain", children, className = "", label } = props;
  return (
    <Anchor href={href} aria-label={label} className={`${BASE} ${LOOKS[look]} ${className}`}>
      {children}
    </Anchor>
  );
}

/** A link within the page. */
export function TextLink({
  href,
  children,
  className = "",
}: {
  href: string;
  children: ReactNode;
  className?: string;
}) {
  return (
    <Anchor href={href} className={`text-accent underline underline-offset-2 hover:text-accent-strong ${className}`}>
      {children}
    </Anchor>
  );
}

export function Spinner() {
  return (
    <svg viewBox="0 0 16 16" className="size-4 animate-spin" aria-hidden="true">
      <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" strokeWidth="2.5" strokeDasharray="26 12" />
    </svg>
  );
}
