// Markdown to nodes that can do nothing: no scripts, pictures, styles or forms, and links that only ask.
import DOMPurify, { type Config } from "dompurify";
import { Marked, type Tokens } from "marked";
import { addressOf } from "../../../renderers/shared/address";
import { escapeLines, escapeText } from "../../../renderers/shared/escape";

export interface MarkdownHost {
  /** What stands in a picture's place. */
  picture(said: string): string;
  openLink(url: string): void;
}

// With Trusted Types, DOMPurify makes the policy `dompurify`, the only one for HTML that the page's CSP names.
const PURIFY: Config = {
  ALLOWED_TAGS: [
    ..."a p br hr h3 h4 h5 h6 strong em del s sub sup code pre blockquote ul ol li".split(" "),
    ..."table thead tbody tr th td".split(" "),
  ],
  ALLOWED_ATTR: ["href", "title", "start", "align"],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
};

const htmlText = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

export function markdownFragment(text: string, host: MarkdownHost): DocumentFragment {
  const marked = new Marked({
    gfm: true,
    renderer: {
      // The page has a headline already.
      heading({ tokens, depth }: Tokens.Heading) {
        const level = Math.min(6, depth + 2);
        return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>\n`;
      },
      // Markup that is not Markdown is shown as it was written.
      html: ({ text }: Tokens.HTML | Tokens.Tag) => htmlText(text),
      image: ({ href, text }: Tokens.Image) => `<a href="${htmlText(href)}">${htmlText(host.picture(text))}</a>`,
      checkbox: ({ checked }: Tokens.Checkbox) => (checked ? "☑ " : "☐ "),
    },
  });
  const fragment = DOMPurify.sanitize(marked.parse(text, { async: false }), PURIFY) as unknown as DocumentFragment;
  textsEscape(fragment);
  for (const link of fragment.querySelectorAll("a")) link.replaceWith(...linkMake(link, host));
  for (const table of fragment.querySelectorAll("table")) scrollable(table);
  return fragment;
}

/** Only now: `&#x202e;` in the text has become what it means. */
function textsEscape(fragment: DocumentFragment): void {
  const walker = document.createTreeWalker(fragment, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    node.nodeValue = escapeLines(node.nodeValue ?? "");
  }
  for (const element of fragment.querySelectorAll("[title]"))
    element.setAttribute("title", escapeText(element.getAttribute("title") ?? ""));
}

function linkMake(link: HTMLAnchorElement, { openLink }: MarkdownHost): Node[] {
  const written = link.getAttribute("href") ?? "";
  const address = addressOf(written);
  if (address === undefined) {
    // Leads nowhere that can be opened: the words stay, and so does what they pointed at.
    const said = document.createElement("span");
    said.append(...link.childNodes);
    return written === ""
      ? [said]
      : [said, ` (${escapeText(written)})`].map((part) =>
          typeof part === "string" ? document.createTextNode(part) : part,
        );
  }
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("role", "link");
  button.className = "view-link";
  button.title = address.href;
  button.append(...link.childNodes);
  button.addEventListener("click", () => openLink(address.href));
  return [button];
}

/** A wide table scrolls by itself, by keyboard too. */
function scrollable(table: HTMLTableElement): void {
  const box = document.createElement("div");
  box.className = "view-scroll";
  box.tabIndex = 0;
  table.replaceWith(box);
  table.className = "view-table";
  box.append(table);
}
