// Entries of the log, held while a screen shows them: the newest at first, earlier ones when somebody asks, new ones as
// they come. Asking for all of it again at each piece of news would cost more than the news.
import { useQueryClient } from "@tanstack/react-query";
import { useDeferredValue, useEffect, useMemo, useSyncExternalStore } from "react";
import type { Schemas } from "@/api/client";
import { reads } from "@/api/operations";
import { line } from "./line";
import { onNews } from "./news";

export type Entry = Schemas["AuditEntry"];
type Query = Parameters<typeof reads.log>[0];

/** oikos tells no more than this in one answer. */
const ANSWER_ENTRIES_MAX = 10_000;

interface Options {
  app?: string | undefined;
  run?: string | undefined;
  /** So many are asked for at first, and so many more each time. */
  page: number;
  /** Beyond so many, the oldest are let go. */
  keep?: number;
}

export interface LogView {
  /** Oldest first. */
  entries: readonly Entry[];
  isLoading: boolean;
  error: unknown;
  /** It begins with the first entry there is. */
  isWhole: boolean;
  /** There is more before it, and no way to ask for that. */
  isFull: boolean;
  /** How many were let go since `keep` was reached. */
  dropped: number;
}

const NOTHING: LogView = { entries: [], isLoading: true, error: null, isWhole: false, isFull: false, dropped: 0 };

export class LogBook {
  #view = NOTHING;
  #listeners = new Set<() => void>();
  /** All entries of the log up to here were looked at; unknown as long as only those of one app or run were seen. */
  #through: number | null = null;
  #turn = 0;
  #missed = false;

  constructor(
    private readonly ask: (query: Query) => Promise<{ entries: Entry[] }>,
    private readonly options: Options,
  ) {}

  view = (): LogView => this.#view;
  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Loads and follows until the answer is called. */
  start = (): (() => void) => {
    this.#turn += 1;
    this.#through = null;
    this.#become({ ...NOTHING });
    void this.#load(this.options.page);
    const unfollow = onNews(this.#hear);
    let was = line.state();
    const off = line.subscribe(() => {
      const now = line.state();
      // After a break nobody knows what was missed.
      if (now === "open" && was !== "open") void this.#catchUp();
      was = now;
    });
    return () => {
      this.#turn += 1;
      unfollow();
      off();
    };
  };

  /** What came before the first that is shown. */
  earlier = async (): Promise<void> => {
    const { entries, isLoading, isWhole, isFull } = this.#view;
    const first = entries[0]?.seq;
    if (isLoading || isWhole || isFull) return;
    if (this.#isFiltered || first === undefined) {
      return this.#load(Math.max(2 * entries.length, entries.length + this.options.page));
    }
    const turn = this.#turn;
    const after_seq = Math.max(0, first - 1 - this.options.page);
    this.#become({ ...this.#view, isLoading: true, error: null });
    try {
      const answer = await this.ask({ after_seq, limit: first - 1 - after_seq });
      if (turn !== this.#turn) return;
      const before = answer.entries.filter(({ seq }) => seq < first).map(bare);
      this.#become({
        ...this.#view,
        entries: [...before, ...this.#view.entries],
        isLoading: false,
        isWhole: after_seq === 0,
      });
    } catch (error) {
      if (turn === this.#turn) this.#become({ ...this.#view, isLoading: false, error });
    }
    this.#settle();
  };

  get #isFiltered(): boolean {
    return Boolean(this.options.app ?? this.options.run);
  }

  #query(more: Query): Query {
    const { app, run } = this.options;
    return { ...(app ? { app } : {}), ...(run ? { run } : {}), ...more };
  }

  async #load(wanted: number): Promise<void> {
    const turn = this.#turn;
    const limit = Math.min(wanted, ANSWER_ENTRIES_MAX);
    this.#become({ ...this.#view, isLoading: true, error: null });
    try {
      const entries = (await this.ask(this.#query({ limit }))).entries.map(bare);
      if (turn !== this.#turn) return;
      const isWhole = entries.length < limit || entries[0]?.seq === 1;
      const isFull = !isWhole && this.#isFiltered && limit === ANSWER_ENTRIES_MAX;
      if (!this.#isFiltered) this.#through = entries.at(-1)?.seq ?? 0;
      this.#become({ ...this.#view, entries, isLoading: false, isWhole, isFull });
    } catch (error) {
      if (turn === this.#turn) this.#become({ ...this.#view, isLoading: false, error });
    }
    this.#settle();
  }

  #hear = (news: readonly Entry[]): void => {
    if (this.#view.isLoading) {
      this.#missed = true;
      return;
    }
    const first = news[0]?.seq;
    const last = news.at(-1)?.seq;
    if (first === undefined || last === undefined) return;
    const isNext = this.#through !== null && first <= this.#through + 1 && last - first + 1 === news.length;
    if (!isNext) return void this.#catchUp(last);
    const { app, run } = this.options;
    this.#append(news.filter(({ record }) => (!app || record?.app === app) && (!run || record?.run === run)).map(bare));
    this.#through = Math.max(this.#through ?? 0, last);
  };

  /** News that came while something else was under way. */
  #settle(): void {
    if (!this.#missed || this.#view.isLoading) return;
    this.#missed = false;
    void this.#catchUp();
  }

  async #catchUp(through?: number): Promise<void> {
    if (this.#view.isLoading) {
      this.#missed = true;
      return;
    }
    const turn = this.#turn;
    try {
      for (;;) {
        const after_seq = this.#view.entries.at(-1)?.seq ?? 0;
        const { entries } = await this.ask(this.#query({ after_seq, limit: ANSWER_ENTRIES_MAX }));
        if (turn !== this.#turn) return;
        this.#append(entries.map(bare));
        if (entries.length < ANSWER_ENTRIES_MAX) break;
      }
      const end = this.#isFiltered ? through : this.#view.entries.at(-1)?.seq;
      this.#through = Math.max(this.#through ?? 0, end ?? 0) || null;
    } catch (error) {
      if (turn === this.#turn) this.#become({ ...this.#view, error });
    }
  }

  #append(more: readonly Entry[]): void {
    const last = this.#view.entries.at(-1)?.seq ?? 0;
    const fresh = more.filter(({ seq }) => seq > last);
    if (fresh.length === 0) return;
    const entries = [...this.#view.entries, ...fresh];
    const over = Math.max(0, entries.length - (this.options.keep ?? Infinity));
    this.#become({
      ...this.#view,
      entries: over > 0 ? entries.slice(over) : entries,
      isWhole: this.#view.isWhole && over === 0,
      dropped: this.#view.dropped + over,
      error: null,
    });
  }

  #become(view: LogView): void {
    this.#view = view;
    for (const listener of this.#listeners) listener();
  }
}

/** As it stands in the log: a streamed entry also says what kind of frame it came in. */
const bare = ({ seq, hash, record }: Entry): Entry => (record ? { seq, hash, record } : { seq, hash });

/** The log of everything, of one app or of one run, as it grows. */
export function useLog({ app, run, page, keep }: Options): LogView & { earlier(): Promise<void> } {
  const queries = useQueryClient();
  const book = useMemo(
    () =>
      new LogBook((query) => queries.fetchQuery({ ...reads.log(query), staleTime: 0, gcTime: 0 }), {
        app,
        run,
        page,
        ...(keep === undefined ? {} : { keep }),
      }),
    [queries, app, run, page, keep],
  );
  useEffect(() => book.start(), [book]);
  // Drawn in small pieces: there may be thousands of entries, and somebody may be typing into a filter.
  const view = useDeferredValue(useSyncExternalStore(book.subscribe, book.view));
  return useMemo(() => ({ ...view, earlier: book.earlier }), [view, book]);
}
