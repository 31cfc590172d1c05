import card from "../../../../renderers/card/example.json";
import chart from "../../../../renderers/chart/example.json";
import diff from "../../../../renderers/diff/example.json";
import keyValue from "../../../../renderers/key-value/example.json";
import log from "../../../../renderers/log/example.json";
import map from "../../../../renderers/map/example.json";
import mcp from "../../../../renderers/mcp/example.json";
import markdown from "../../../../renderers/markdown/example.json";
import search from "../../../../renderers/search-cards/example.json";
import status from "../../../../renderers/status/example.json";
import table from "../../../../renderers/table/example.json";
import weather from "../../../../renderers/weather-cards/example.json";
import type { RendererName } from "../../../../renderers/shared/data";

export const examples: Readonly<Record<RendererName, object>> = {
  card,
  table,
  markdown,
  "key-value": keyValue,
  status,
  chart,
  map,
  log,
  diff,
  "weather-cards": weather,
  "search-cards": search,
  mcp,
};
