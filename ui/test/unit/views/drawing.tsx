import { render } from "@testing-library/react";
import { HostContext, type ViewHost } from "@/views/host";
import { viewLoad } from "@/views/registry";
import type { RendererName } from "../../../../renderers/shared/data";

/** Draws data without the check and the toggle around it. */
export async function draw(name: RendererName, data: unknown, openLink: (url: string) => void = () => {}) {
  const { Drawing } = await viewLoad(name);
  const host: ViewHost = { language: "en", openLink };
  return render(
    // oxlint-disable-next-line react/jsx-no-constructed-context-values -- drawn once
    <HostContext.Provider value={host}>
      <Drawing data={data} />
    </HostContext.Provider>,
  );
}
