import { useState } from "react";
import { Button } from "@/components/Button";
import { useLanguage, useWords } from "@/i18n";
import { numberText } from "@/text/amounts";
import { escapeLines } from "@/text/escape";
import { words } from "./words";

/** Foreign text over several lines: a beginning of it, and all of it where somebody asks. */
export function Folded(props: { text: string; of: string; charactersMax: number; className?: string }) {
  const { text, of, charactersMax, className = "" } = props;
  const said = useWords(words);
  const language = useLanguage();
  const [isWhole, setWhole] = useState(false);
  const isLong = text.length > charactersMax;
  const count = numberText(text.length, language);
  return (
    <div className={className}>
      <p dir="auto" className="whitespace-pre-wrap wrap-anywhere">
        {escapeLines(isWhole ? text : text.slice(0, charactersMax))}
        {isLong && !isWhole && "…"}
      </p>
      {isLong && (
        <Button
          look="quiet"
          aria-expanded={isWhole}
          aria-label={isWhole ? undefined : said.showAllOf(count, of)}
          onClick={() => setWhole(!isWhole)}
        >
          {isWhole ? said.less : said.showAll(count)}
        </Button>
      )}
    </div>
  );
}
