import type { Schemas } from "@/api/client";
import { TextLink } from "@/components/Button";
import { Say, useWords } from "@/i18n";
import { to } from "@/routes";
import { words } from "./state-words";

type Grant = Schemas["GrantView"];

/** What an app may do, in the words of its card. */
export function Reach({ app }: { app: Schemas["AppDetail"] }) {
  const said = useWords(words);
  const by = (state: Grant["state"]) => app.grants.filter((grant) => grant.state === state);
  const [allowed, asked, blocked] = [by("allow"), by("ask"), by("block")];
  return (
    <div className="space-y-3 text-sm">
      {allowed.length + asked.length === 0 && <p>{said.nothingReached}</p>}
      <Grants title={said.may} grants={allowed} mark="text-good" />
      <Grants title={said.asks} grants={asked} mark="text-caution" />
      <Grants title={said.never} grants={blocked} mark="text-danger" />
      {app.limits.length > 0 && (
        <div>
          <p className="font-medium">{said.limits}</p>
          <ul className="ms-5 list-disc text-muted">
            {app.limits.map((limit) => (
              <li key={limit.code}>
                <bdi>
                  <Say sentence={limit} />
                </bdi>
              </li>
            ))}
          </ul>
        </div>
      )}
      <p>
        <TextLink href={to.grants(app.name)} className="inline-flex min-h-6 items-center pointer-coarse:min-h-11">
          {said.toGrants}
        </TextLink>
      </p>
    </div>
  );
}

function Grants({ title, grants, mark }: { title: string; grants: readonly Grant[]; mark: string }) {
  if (grants.length === 0) return null;
  return (
    <div>
      <p className={`font-medium ${mark}`}>{title}</p>
      <ul className="ms-5 list-disc">
        {grants.map((grant) => (
          <li key={grant.line}>
            <bdi>
              <Say sentence={grant.sentence} />
            </bdi>
            {grant.needs && (
              <span className="text-muted">
                {" · "}
                <Say sentence={grant.needs} />
              </span>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}
