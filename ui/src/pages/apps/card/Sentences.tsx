import { Say, type Sentence } from "@/i18n";

export function Sentences({ sentences }: { sentences: readonly Sentence[] }) {
  if (sentences.length === 0) return null;
  return (
    <ul className="list-disc space-y-0.5 ps-5 text-sm">
      {sentences.map((sentence) => (
        <li key={JSON.stringify(sentence)}>
          <bdi>
            <Say sentence={sentence} />
          </bdi>
        </li>
      ))}
    </ul>
  );
}
