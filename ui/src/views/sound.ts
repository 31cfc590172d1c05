// Plays a sound without an address for it: the page may load none.
import { useEffect, useRef, useState } from "react";
import type { Sound } from "../../../renderers/shared/media";

export const canPlay = (): boolean => typeof AudioContext !== "undefined";

/** Whether a sound is heard now, and what begins and ends that. It ends with the part of the page that plays it. */
export function useSound(sound: Sound): { isPlaying: boolean; play(): void; stop(): void } {
  const [isPlaying, setPlaying] = useState(false);
  const context = useRef<AudioContext | null>(null);
  const stop = () => {
    void context.current?.close();
    context.current = null;
    setPlaying(false);
  };
  useEffect(() => () => void context.current?.close(), []);
  const play = () => {
    stop();
    const output = new AudioContext();
    const [first] = sound.channels;
    const buffer = output.createBuffer(sound.channels.length, first?.length ?? 1, sound.samplesPerSecond);
    for (const [channel, samples] of sound.channels.entries()) buffer.copyToChannel(samples, channel);
    const source = output.createBufferSource();
    source.buffer = buffer;
    source.connect(output.destination);
    source.addEventListener("ended", () => context.current === output && stop());
    source.start();
    context.current = output;
    setPlaying(true);
  };
  return { isPlaying, play, stop };
}
