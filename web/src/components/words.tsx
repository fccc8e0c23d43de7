/** A sentence of the server's: what stands between backticks is a command. */
export function Words({ text }: { text: string }) {
  return text.split("`").map((part, index) =>
    // Only the place tells the parts apart, and they never move.
    index % 2 === 1 ? (
      <code key={index} className="whitespace-nowrap text-text">
        {part}
      </code>
    ) : (
      part
    ),
  );
}
