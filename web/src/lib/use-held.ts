/** Rows keep their place while a person points at them or works in them; what is new waits. */
import { useRef, useState } from "react";

export interface Held<Row> {
  readonly rows: readonly Row[];
  /** How many rows wait. */
  readonly waiting: number;
  /** Put these on what surrounds the rows. */
  readonly surround: {
    readonly onPointerEnter: () => void;
    readonly onPointerLeave: () => void;
    readonly onFocus: () => void;
    readonly onBlur: () => void;
  };
}

export function useHeld<Row>(rows: readonly Row[], key: (row: Row) => number | string): Held<Row> {
  const [held, setHeld] = useState<readonly Row[] | undefined>(undefined);
  const pointed = useRef(false);
  const focused = useRef(false);
  const settle = () => setHeld((kept) => (pointed.current || focused.current ? (kept ?? rows) : undefined));
  const shown = held ?? rows;
  const known = new Set(shown.map(key));
  return {
    rows: shown,
    waiting: held === undefined ? 0 : rows.filter((row) => !known.has(key(row))).length,
    surround: {
      onPointerEnter: () => {
        pointed.current = true;
        settle();
      },
      onPointerLeave: () => {
        pointed.current = false;
        settle();
      },
      onFocus: () => {
        focused.current = true;
        settle();
      },
      onBlur: () => {
        focused.current = false;
        settle();
      },
    },
  };
}
