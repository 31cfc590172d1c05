import schema from "../../../renderers/weather-cards/schema.json";
import { numberText } from "../../../renderers/shared/cells";
import type { Sky, WeatherData, WeatherPlace } from "../../../renderers/shared/data";
import { escapeText } from "../../../renderers/shared/escape";
import { texts } from "../../../renderers/shared/text";
import { timeText } from "../../../renderers/shared/time";
import { each } from "./each";
import { useViewWords } from "./host";
import type { View } from "./view";

// Drawn as text, so that they keep the color of the text around them.
const SIGNS: Readonly<Record<Sky, string>> = {
  clear: "☀",
  "partly-cloudy": "⛅",
  cloudy: "☁",
  fog: "≋",
  drizzle: "☂",
  rain: "☔",
  snow: "❄",
  sleet: "❆",
  storm: "⚡",
  wind: "↝",
};

function WeatherCards({ data }: { data: WeatherData }) {
  return (
    <ul className="view-cards">
      {each(data.places, (place) => (
        <li className="view-card">
          <Place place={place} unit={data.unit ?? "C"} />
        </li>
      ))}
    </ul>
  );
}

function Place({ place, unit }: { place: WeatherPlace; unit: "C" | "F" }) {
  const words = useViewWords();
  const { name, at, sky, temperature, text, days = [] } = place;
  const degrees = (value: number) => `${numberText(value, words.language)} °${unit}`;
  return (
    <>
      <h3>
        <bdi>{escapeText(name)}</bdi>
      </h3>
      <p className="view-weather-now">
        {sky !== undefined && <SkySaid sky={sky} />}{" "}
        {temperature !== undefined && <strong>{degrees(temperature)}</strong>}
      </p>
      {text !== undefined && <p>{escapeText(text)}</p>}
      {at !== undefined && <p className="view-quiet">{timeText(at, words.language)}</p>}
      {days.length > 0 && (
        <ol className="view-days">
          {each(days, ({ day, sky, low, high, rain_percent }) => (
            <li>
              <span>{timeText(day, words.language)}</span>
              <span>{sky !== undefined && <SkySaid sky={sky} />}</span>
              <span>
                {low !== undefined && high !== undefined
                  ? words.lowHigh(numberText(low, words.language), degrees(high))
                  : [low, high].filter((value) => value !== undefined).map(degrees)}
              </span>
              <span className="view-quiet">
                {rain_percent !== undefined && words.rain(numberText(rain_percent, words.language))}
              </span>
            </li>
          ))}
        </ol>
      )}
    </>
  );
}

function SkySaid({ sky }: { sky: Sky }) {
  const words = useViewWords();
  return (
    <span>
      <span aria-hidden="true" className="view-sky">
        {SIGNS[sky]}
      </span>{" "}
      {words.sky[sky]}
    </span>
  );
}

export const view: View<WeatherData> = { schema, text: texts["weather-cards"], Drawing: WeatherCards };
